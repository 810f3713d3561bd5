/** Whether every service runs and answers. Pure. */
import {
  type ContainerName,
  type MonitorName,
  monitorNames,
  playPlugin,
} from '../../../infra/plan/container.ts';
import { about, type Finding } from './finding.ts';

/** One question to the web server, and what came back. */
export interface ServiceAnswer {
  /** e.g. "The Janus API". */
  what: string;
  url: string;
  wanted: { status: number; contains: string };
  /** Status and text; or why there is none. */
  got: { status: number; body: string; fingerprint?: string } | { failed: string };
}

/** A container of the deployment, as the engine has it. */
export interface ContainerFacts {
  service: ContainerName;
  /** `running`, `exited`, …; `missing` for one that is not there. */
  state: string;
  /** `healthy`, `unhealthy` or `starting`. */
  health: string;
  /** How often the engine had to start it again. */
  restarts: number;
  exitCode: number;
  /** Whether the kernel ended it for its memory. */
  outOfMemory: boolean;
  /** When it was started (ISO 8601), and the id of its image; undefined for one that is missing. */
  started?: string;
  image?: string;
}

const { ok, warning, error } = about('services');

export function containerFindings(containers: ContainerFacts[]): Finding[] {
  const logs = '`npm run logs` says why; `npm run up` starts it anew';
  const bad = containers.flatMap(({ service, state, health, restarts, exitCode, outOfMemory }) => {
    const why = consequences[service];
    const trouble = isMonitor(service) ? warning : error;
    if (state !== 'running') {
      const how =
        state === 'exited' ? ` (ended with status ${exitCode}${outOfMemory ? ', out of memory' : ''})` : '';
      return [trouble({ what: `The container of ${service} is ${state}${how}`, why, remedy: logs })];
    }
    if (health === 'unhealthy')
      return [trouble({ what: `The container of ${service} is unhealthy`, why, remedy: logs })];
    if (restarts > 0) {
      return [
        warning({
          what: `The container of ${service} was started again ${restarts} time${restarts === 1 ? '' : 's'} after it ended by itself`,
          why: isMonitor(service) ? why : 'each time, everybody who used it was interrupted',
          remedy: logs,
        }),
      ];
    }
    return [];
  });
  return bad.length > 0
    ? bad
    : [ok(`${containers.map(({ service }) => service).join(', ')} run and are healthy`)];
}

/** Nobody who watches needs them. */
const isMonitor = (name: ContainerName): boolean => monitorNames.includes(name as MonitorName);

const consequences: Record<ContainerName, string> = {
  web: 'nobody gets the player, or reaches the gateway',
  gateway: 'nothing plays',
  turn: 'viewers whom UDP does not reach directly see nothing',
  prometheus: 'numbers are not kept, and no alert is raised',
  grafana: 'the dashboard cannot be looked at',
};

/** @param expected fingerprint of the certificate that should be served; undefined where it is not known */
export function answerFindings(answers: ServiceAnswer[], expected: string | undefined): Finding[] {
  const bad = answers.flatMap(({ what, url, wanted, got }) => {
    if ('failed' in got || got.status !== wanted.status || !got.body.includes(wanted.contains)) {
      const said = 'failed' in got ? got.failed : got.status;
      return [
        error({
          what: `${what} at ${url} answered ${said}`,
          why: 'players and other clients ask there',
          remedy: '`npm run logs` says what the web server and the gateway did',
        }),
      ];
    }
    if (got.fingerprint !== undefined && expected !== undefined && got.fingerprint !== expected) {
      return [
        error({
          what: `${what} at ${url} serves another certificate than the configured one`,
          why: 'the one that browsers see may end earlier, or name another server',
          remedy: 'restart the web server',
        }),
      ];
    }
    return [];
  });
  return bad.length > 0 ? bad : [ok(`${answers.length} addresses of the web server answer as they should`)];
}

/** What Janus says of itself at /janus/info. */
export interface GatewayInfo {
  version: string;
  plugins: Record<string, { version: string }>;
}

/** @param text the answer's body */
export function readGatewayInfo(text: string): GatewayInfo | undefined {
  try {
    const { version_string: version, plugins } = JSON.parse(text);
    const versions = Object.entries((plugins ?? {}) as Record<string, { version_string: string }>);
    return {
      version: String(version),
      plugins: Object.fromEntries(
        versions.map(([name, { version_string }]) => [name, { version: version_string }]),
      ),
    };
  } catch {
    return undefined;
  }
}

export function gatewayFindings(info: GatewayInfo | undefined): Finding[] {
  const trouble = {
    why: 'nothing plays without it',
    remedy: '`npm run logs` says why; `npm run up` builds and starts it anew',
  };
  if (info === undefined) return [error({ what: 'Janus does not say what it is', ...trouble })];
  const loaded = info.plugins[playPlugin];
  if (!loaded) return [error({ what: `Janus ${info.version} runs without ${playPlugin}`, ...trouble })];
  return [ok(`Janus ${info.version} with ${playPlugin} ${loaded.version}`)];
}
