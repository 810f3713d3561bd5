/** The container of each service, apart from its image, its files and its place in the network. Pure. */
import type { Config } from '../config/config.ts';

export const serviceNames = ['turn', 'gateway', 'web'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** The name by which Janus knows the play plugin. */
export const playPlugin = 'janus.plugin.tms.play';

/** What looks at them, where it is asked for. */
export const monitorNames = ['prometheus', 'grafana'] as const;
export type MonitorName = (typeof monitorNames)[number];

/** All of a deployment that runs. */
export const containerNames = [...serviceNames, ...monitorNames] as const;
export type ContainerName = (typeof containerNames)[number];

/** What a change does to a service, from the mildest on: a reload interrupts nothing, a new container all it serves. */
export const effects = ['reload', 'replace'] as const;
export type Effect = (typeof effects)[number];

/** Seconds in which a service has to become healthy; those of a machine that does much else at the time. */
export const patience = 30;

/** User and group of all services, whose files nobody else may read. */
export const serviceUser = 10001;

/** What a container sees at `target`: a folder of the engine's machine (bind), or a volume of the engine. */
export interface Mount {
  type: 'bind' | 'volume';
  source: string;
  target: string;
}

export interface ContainerPlan {
  /** Memory limit in MiB. */
  memory: number;
  /**
   * Limit of processes and threads: of those of the user that all services run as, on the whole machine, as the
   * provider knows none for a container. The gateway's HTTP server has a thread for each connection.
   */
  processes: number;
  /** Folders in memory, with their mount options, e.g. `size=16m`. */
  tmpfs: Record<string, string>;
  /** Folders and volumes of the engine's machine, read-only. */
  mounts: Mount[];
  /** Volumes of the service's own, by the folder that they are mounted at: all that it can write to and keep. */
  volumes: Record<string, { name: string; inMemory?: boolean }>;
  /** Volumes of other services that it reads, by the folder that they are mounted at. */
  reads: Record<string, string>;
  /** Command that says whether the service serves. */
  healthcheck: string[];
  /** Command that uses the service as a client does; what is printed says why when it fails. */
  probe?: string[];
  /** Command that has the running service read its files anew; fails when it goes on with the old ones. */
  reload?: string[];
  /** Whether a crash may write its memory, with the keys in it, to a disk. */
  dumpsCore?: boolean;
  /** Whether those who use the service may finish before it is replaced. */
  drains?: boolean;
}

const inMemory = (size: string): string => `size=${size},uid=${serviceUser},gid=${serviceUser},mode=0700`;

/** MiB of the gateway's memory for what is being played; as much is left for everything else. */
export const mediaMemory = (maxViewers: number): number => 256 + 2 * maxViewers;

/**
 * Where films and sound files are. A folder of this machine does not exist on a remote engine: a volume of the
 * deployment stands for it there.
 */
export const mediaMount = (deployment: string, { dockerHost, mediaFolder }: Config): Mount =>
  dockerHost === '' || mediaFolder.startsWith('/')
    ? { type: 'bind', source: mediaFolder, target: '/media' }
    : { type: 'volume', source: `${deployment}-media`, target: '/media' };

/** Where the gateway keeps sound that it has transcoded. */
export const audioCache = '/cache';

/** Where what the gateway had in memory when it crashed is kept. */
export const coreFolder = '/cores';

/** Where a service writes its metrics, in each container by the same name. */
const metricsFolder = (service: ServiceName): string => `/metrics/${service}`;

/** @param name prefix of all names on the engine */
export function planContainers(name: string, config: Config): Record<ServiceName, ContainerPlan> {
  const { maxViewers, audioCacheSize, coreDumps } = config;
  const all = {
    processes: 4096 + 16 * maxViewers,
    mounts: [],
    reads: {},
    healthcheck: ['/usr/local/bin/healthcheck'],
  };
  const reload = ['/usr/local/bin/reload'];
  const media = mediaMount(name, config);
  const metricsVolume = (service: ServiceName) => `${name}-${service}-metrics`;
  const metrics = (service: ServiceName) => ({
    [metricsFolder(service)]: { name: metricsVolume(service), inMemory: true },
  });
  return {
    gateway: {
      ...all,
      memory: 2 * mediaMemory(maxViewers),
      tmpfs: { '/tmp': inMemory('64m'), '/run/janus': inMemory('1m') },
      mounts: [media],
      volumes: {
        ...metrics('gateway'),
        ...(audioCacheSize > 0 && { [audioCache]: { name: `${name}-gateway-cache` } }),
        ...(coreDumps && { [coreFolder]: { name: `${name}-gateway-cores` } }),
      },
      probe: ['/usr/local/bin/probe'],
      reload,
      dumpsCore: coreDumps,
      drains: true,
    },
    turn: { ...all, memory: 256, tmpfs: { '/tmp': inMemory('16m') }, volumes: metrics('turn') },
    web: {
      ...all,
      memory: 256,
      tmpfs: { '/tmp': inMemory('16m') },
      // The web server gives out captions and covers,
      mounts: [media],
      volumes: metrics('web'),
      // and the metrics of all.
      reads: Object.fromEntries(
        (['turn', 'gateway'] as const).map((service) => [metricsFolder(service), metricsVolume(service)]),
      ),
      reload,
    },
  };
}
