/** The trial of a service's successor. */
import { local } from '@pulumi/command';
import * as pulumi from '@pulumi/pulumi';
import type { ContainerPlan } from '../plan/container.ts';

export interface TrialArgs {
  /** Name of the container, and the label that all of the deployment have. */
  name: string;
  label: { label: string; value: string };
  image: pulumi.Input<string>;
  /** Whether the machine has IPv6 addresses. */
  ipv6: boolean;
  /** The new files as a tar in base64. */
  archive: pulumi.Input<string>;
  container: ContainerPlan;
  /** What viewers' tokens are signed with, where the probe needs one. */
  tokenSecret?: pulumi.Input<string>;
  /** Of the command that runs it. */
  environment?: Record<string, string>;
}

/**
 * Runs when the image, the files or the container change. What touches the running service depends on it, so that an
 * update whose successor does not serve ends before that.
 */
export function tryService(name: string, args: TrialArgs, opts: pulumi.CustomResourceOptions): local.Command {
  const { archive, container, environment, ...named } = args;
  return new local.Command(
    name,
    {
      // Pulumi runs it in the program's folder; a path of this checkout would differ from machine to machine.
      create: 'node ../scripts/lib/trial.ts',
      stdin: archive,
      environment: { ...environment, TRIAL: pulumi.jsonStringify({ ...named, ...container }) },
      logging: 'none',
    },
    opts,
  );
}
