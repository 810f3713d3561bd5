/** The three services and what they share, as Pulumi resources. */
import * as docker from '@pulumi/docker';
import type * as pulumi from '@pulumi/pulumi';
import type { Plan, ServiceName } from '../plan/plan.ts';
import type { MediaFile } from '../render/web.ts';
import { Gateway } from './gateway.ts';
import { randomSecret } from './secret.ts';
import { Turn } from './turn.ts';
import { Web } from './web.ts';

export interface DeploymentArgs {
  plan: Plan;
  /** Folders that the images are built from. */
  contexts: Record<ServiceName, { path: string; hash: string }>;
  certificate: { chain: string; key: string };
  media: MediaFile[];
  /** Folder on the engine's machine. */
  mediaFolder: string;
}

/** Each service starts when the one it needs is healthy. */
export function defineDeployment({ plan, contexts, certificate, media, mediaFolder }: DeploymentArgs): {
  gateway: Gateway;
  /** What viewers' tokens are signed with. */
  tokenSecret: pulumi.Output<string>;
} {
  const tokenSecret = randomSecret('token-secret', {});
  const network =
    plan.network.mode === 'bridge'
      ? new docker.Network('network', { name: plan.name, ipamConfigs: [{ subnet: plan.network.subnet }] })
      : undefined;
  const turn = new Turn({ plan, context: contexts.turn, network });
  const gateway = new Gateway({
    plan,
    context: contexts.gateway,
    tokenSecret,
    mediaFolder,
    network,
    dependsOn: [turn.container],
  });
  new Web({
    plan,
    context: contexts.web,
    certificate,
    turnSecret: turn.secret,
    tokenSecret,
    media,
    network,
    dependsOn: [gateway.container],
  });
  return { gateway, tokenSecret };
}
