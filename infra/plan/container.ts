/** The container of each service, apart from its image, its files and its place in the network. Pure. */
import type { Config } from '../config/config.ts';

export const serviceNames = ['turn', 'gateway', 'web'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** What a change of a file causes: nothing is interrupted by a reload, a restart ends what is playing. */
export type FileClass = 'reload' | 'restart';

/** User and group of all services, whose files nobody else may read. */
export const serviceUser = 10001;

export interface ContainerPlan {
  /** Memory limit in MiB. */
  memory: number;
  /** Folders in memory, with their mount options, e.g. `size=16m`. */
  tmpfs: Record<string, string>;
  /** Folders of the engine's machine, read-only. */
  mounts: { source: string; target: string }[];
  /** Command that says whether the service serves. */
  healthcheck: string[];
  /** Command that uses the service as a client does; what is printed says why when it fails. */
  probe?: string[];
  /** Command that has the running service read its files anew; fails when it goes on with the old ones. */
  reload?: string[];
}

const inMemory = (size: string): string => `size=${size},uid=${serviceUser},gid=${serviceUser},mode=0700`;
const healthcheck = ['/usr/local/bin/healthcheck'];

export const planContainers = (config: Config): Record<ServiceName, ContainerPlan> => ({
  gateway: {
    memory: 512 + 4 * config.maxViewers,
    tmpfs: { '/tmp': inMemory('64m'), '/run/janus': inMemory('1m') },
    mounts: [{ source: config.mediaFolder, target: '/media' }],
    healthcheck,
    probe: ['/usr/local/bin/probe'],
  },
  turn: { memory: 256, tmpfs: { '/tmp': inMemory('16m') }, mounts: [], healthcheck },
  web: {
    memory: 256,
    tmpfs: { '/tmp': inMemory('16m') },
    mounts: [],
    healthcheck,
    reload: ['/usr/local/bin/reload'],
  },
});
