/** The containers of a deployment, as the engine has them. */

import {
  type ContainerName,
  containerNames,
  type MonitorName,
  serviceNames,
} from '../../infra/plan/container.ts';
import { $ } from './command.ts';
import type { ContainerFacts } from './doctor/services.ts';

/**
 * `missing` for one that is expected and not there; undefined when all are missing. `name` is the plan's.
 * @param monitors those that are expected beside the services; others are read where they are
 */
export async function readContainers(
  name: string,
  monitors: readonly MonitorName[] = [],
): Promise<ContainerFacts[] | undefined> {
  const expected: readonly ContainerName[] = [...serviceNames, ...monitors];
  const containers = await Promise.all(
    containerNames.map(async (service): Promise<ContainerFacts> => {
      const inspected = await $({ quiet: true, nothrow: true })`docker inspect ${name}-${service}`;
      if (inspected.exitCode !== 0) {
        return { service, state: 'missing', health: '', restarts: 0, exitCode: 0, outOfMemory: false };
      }
      const [{ State, RestartCount, Image }] = JSON.parse(inspected.stdout);
      return {
        service,
        state: State.Status,
        health: State.Health?.Status ?? '',
        restarts: RestartCount,
        exitCode: State.ExitCode,
        outOfMemory: State.OOMKilled,
        started: State.StartedAt,
        image: Image,
      };
    }),
  );
  if (containers.every(({ state }) => state === 'missing')) return undefined;
  return containers.filter(({ service, state }) => state !== 'missing' || expected.includes(service));
}

/** What a service takes of the machine at the moment. */
export interface Usage {
  /** Of one processor, in percent. */
  processor: number;
  /** Bytes, and how many it may have. */
  memory: number;
  memoryLimit: number;
}

/** Of the containers that run; takes the engine some 2 s. */
export async function readUsage(name: string): Promise<Partial<Record<ContainerName, Usage>>> {
  const engine = $({ quiet: true, nothrow: true });
  const listed = await engine`docker ps --filter label=janus-deploy.stack=${name} --format ${'{{.Names}}'}`;
  const there = listed.stdout.split('\n');
  const running = containerNames.map((service) => `${name}-${service}`).filter((one) => there.includes(one));
  if (running.length === 0) return {};
  const read = await engine`docker stats --no-stream --format ${'{{json .}}'} ${running}`;
  const lines = read.stdout.split('\n').filter((line) => line !== '');
  return Object.fromEntries(lines.map((line) => usageOf(name, JSON.parse(line))));
}

const units: Record<string, number> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** `12.5MiB` in bytes. */
function bytesOf(text: string): number {
  const [, number, unit] = /^([\d.]+)(\w+)$/.exec(text.trim()) ?? [];
  return Math.round(Number(number) * (units[unit] ?? Number.NaN));
}

/** One line of `docker stats`. */
export function usageOf(
  name: string,
  line: { Name: string; CPUPerc: string; MemUsage: string },
): [service: ContainerName, Usage] {
  const [memory, memoryLimit] = line.MemUsage.split('/').map(bytesOf);
  return [
    line.Name.slice(name.length + 1) as ContainerName,
    { processor: Number.parseFloat(line.CPUPerc), memory, memoryLimit },
  ];
}
