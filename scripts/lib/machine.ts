/** Reads what the machine of the engine is, by a container on its network, as it may be another machine. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Config } from '../../infra/config/config.ts';
import { $ } from './command.ts';
import type { MachineFacts } from './doctor/machine.ts';
import { machineName } from './ssh.ts';

export interface HostFacts {
  machine: MachineFacts;
  /** Seconds that its clock is ahead of this machine's; starting the container takes part of one. */
  clockAhead: number;
}

const script = [
  'date +%s',
  'uname -r',
  'cat /proc/sys/net/core/rmem_default /proc/sys/net/core/wmem_default',
  'ulimit -n',
  'cat /proc/sys/kernel/core_pattern',
  'grep ^Udp: /proc/net/snmp',
].join('; ');

/** @param image any that has a shell */
export async function readHost(image: string): Promise<HostFacts> {
  const read = await $({ quiet: true })`docker run --rm --network host ${image} sh -c ${script}`;
  const [time, kernel, receive, send, openFiles, corePattern, names, values] = read.stdout.trim().split('\n');
  const udp = Object.fromEntries(
    names.split(/\s+/).map((name, index) => [name, Number(values.split(/\s+/)[index])]),
  );
  return {
    clockAhead: Number(time) - Date.now() / 1000,
    machine: {
      kernel,
      buffers: { receive: Number(receive), send: Number(send) },
      udp: {
        received: udp.InDatagrams,
        receiveDropped: udp.RcvbufErrors,
        sent: udp.OutDatagrams,
        sendDropped: udp.SndbufErrors,
      },
      openFiles: openFiles === 'unlimited' ? Number.POSITIVE_INFINITY : Number(openFiles),
      corePattern,
    },
  };
}

/** Whether the engine is on this machine, and not reached over a network or in a virtual machine. */
export const engineIsHere = (): boolean =>
  process.platform === 'linux' && (process.env.DOCKER_HOST ?? 'unix:').startsWith('unix:');

/** Whether the engine starts a process for each published port; undefined where its settings cannot be read. */
export function readUserlandProxy(file = '/etc/docker/daemon.json'): boolean | undefined {
  if (!engineIsHere()) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'))['userland-proxy'] ?? true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? true : undefined;
  }
}

/** Name of the engine's machine, or the address that it is called by here. */
export const hostName = async ({ dockerHost }: Config): Promise<string> =>
  dockerHost === '' ? hostname() : machineName(dockerHost);

/** Where the services of the engine's machine answer this one. */
export const answeringHost = async ({ dockerHost }: Config): Promise<string> =>
  dockerHost === '' ? '127.0.0.1' : machineName(dockerHost);
