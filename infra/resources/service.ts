/** What all services' containers have in common: how they are locked in, checked, limited and reached. */
import * as docker from '@pulumi/docker';
import type * as pulumi from '@pulumi/pulumi';
import type { Plan, ServiceName } from '../plan/plan.ts';
import { type Files, serviceUser } from './files.ts';

export interface ServiceArgs {
  plan: Plan;
  service: ServiceName;
  image: docker.RemoteImage;
  files: Files;
  /** Replaces the container when it changes: the hash of the files that are only read at start. */
  restartOn?: pulumi.Input<string>;
  /** Container of the bridge network, when there is one. */
  network?: docker.Network;
  /** Memory limit in MiB. */
  memory: number;
  /** Folders in memory, with their sizes, e.g. `size=16m`. */
  tmpfs?: Record<string, string>;
  mounts?: { source: string; target: string }[];
  healthcheck: string[];
  dependsOn?: pulumi.Resource[];
}

/** The container of a service, up and healthy when the resource is created. */
export function runService(args: ServiceArgs, opts: pulumi.CustomResourceOptions): docker.Container {
  const { plan, service } = args;
  return new docker.Container(
    service,
    {
      name: `${plan.name}-${service}`,
      image: args.image.imageId,
      ...reachable(args),
      ...lockedIn,
      memory: args.memory,
      memorySwap: args.memory,
      tmpfs: args.tmpfs ?? { '/tmp': `size=16m,uid=${serviceUser},gid=${serviceUser},mode=0700` },
      mounts: [
        { type: 'volume', source: args.files.volume, target: '/config', readOnly: true },
        ...(args.mounts ?? []).map((mount) => ({ type: 'bind', readOnly: true, ...mount })),
      ],
      labels: [
        { label: 'janus-deploy.stack', value: plan.name },
        ...(args.restartOn === undefined ? [] : [{ label: 'janus-deploy.files', value: args.restartOn }]),
      ],
      healthcheck: {
        tests: ['CMD', ...args.healthcheck],
        interval: '5s',
        timeout: '5s',
        startPeriod: '3s',
        retries: 3,
      },
      wait: true,
      waitTimeout: 90,
      mustRun: true,
      restart: 'unless-stopped',
      logDriver: 'json-file',
      logOpts: { 'max-size': '10m', 'max-file': '3' },
    },
    { ...opts, dependsOn: [args.files.ready, ...(args.dependsOn ?? [])], deleteBeforeReplace: true },
  );
}

/** A process that is broken into finds nothing to write to and nothing to gain. */
const lockedIn = {
  user: `${serviceUser}:${serviceUser}`,
  readOnly: true,
  capabilities: { drops: ['ALL'] },
  securityOpts: ['no-new-privileges:true'],
  init: true,
} satisfies Partial<docker.ContainerArgs>;

/** The machine's own network, or a fixed address on the stack's network and published ports. */
function reachable({ plan, service, network }: ServiceArgs): Partial<docker.ContainerArgs> {
  if (network === undefined) return { networkMode: 'host' };
  return {
    networksAdvanced: [{ name: network.name, ipv4Address: plan.network.addresses[service] }],
    ports: plan.published[service].map(({ port, protocol, address }) => ({
      internal: port,
      external: port,
      protocol,
      ip: address ?? '0.0.0.0',
    })),
  };
}
