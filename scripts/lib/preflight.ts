/** What has to be right before anything is touched, all of it checked at once. */
import { statfs } from 'node:fs/promises';
import { $ } from 'zx';
import { type Config, ConfigError } from '../../infra/config/config.ts';
import type { ServiceName } from '../../infra/plan/container.ts';
import type { EngineFacts } from '../../infra/plan/facts.ts';
import { makePlan, type Plan } from '../../infra/plan/plan.ts';
import { gather } from './gather.ts';
import { stateFolder } from './paths.ts';
import { listeners } from './ports.ts';
import { foreignResources } from './recovery.ts';
import { readStackFile } from './settings.ts';
import type { Stack } from './stack.ts';
import { stunAnswers } from './stun.ts';

/** Free space in MiB below which an image build may fail half-way. */
const roomForImages = 3000;
const roomForState = 200;

/**
 * Checks ports, disk, certificate, media and addresses.
 * @returns the warnings, or that there are none, for the step's line.
 * @throws ConfigError with everything that would make the deployment fail.
 */
export async function preflight(stack: Stack, config: Config, engine: EngineFacts): Promise<string> {
  const gathered = await gather(readStackFile(stack.configFile), stack.environment.PATH);
  const plan = makePlan(stack.name, config, engine, gathered.build);
  const errors = [
    ...(await takenPorts(plan)),
    ...(await fullDisks()),
    ...(await foreignResources(stack.name)),
  ];
  if (errors.length > 0) throw new ConfigError(errors);
  const warnings = [...unknownAddress(plan, engine), ...(await silentStun(plan, config))];
  return ['ports free, disk has room', ...warnings.map((warning) => `\n  Warning: ${warning}`)].join('');
}

async function takenPorts(plan: Plan): Promise<string[]> {
  const held = await listeners();
  const wanted = (['web', 'turn'] as ServiceName[])
    .flatMap((service) => plan.published[service])
    .filter(({ what }) => what !== 'TURN relay');
  return wanted.flatMap(({ port, protocol, what }) => {
    const holder = held.find(
      (listener) =>
        listener.port === port && listener.protocol === protocol && !isOurs(listener.container, plan),
    );
    if (!holder) return [];
    return [
      `${protocol.toUpperCase()} port ${port} (${what}) is taken by ${holder.owner}; end that, or set another port in the stack's config.`,
    ];
  });
}

const isOurs = (container: string | undefined, plan: Plan): boolean =>
  container !== undefined &&
  (container.startsWith(`${plan.name}-`) ||
    (plan.network.mode === 'bridge' && container === 'on a bridge network'));

async function fullDisks(): Promise<string[]> {
  const engineRoot = (await $({ quiet: true })`docker info --format ${'{{.DockerRootDir}}'}`).stdout.trim();
  const checks: [string, number][] = [
    [engineRoot, roomForImages],
    [stateFolder, roomForState],
  ];
  const found = await Promise.all(
    checks.map(async ([folder, needed]) => {
      // A remote engine's folder cannot be looked at from here.
      const disk = await statfs(folder).catch(() => undefined);
      const free = disk ? Math.floor((disk.bavail * disk.bsize) / 2 ** 20) : needed;
      return free < needed
        ? [`The disk of ${folder} has ${free} MiB left; accepted: ${needed} or more; free some room.`]
        : [];
    }),
  );
  return found.flat();
}

function unknownAddress(plan: Plan, engine: EngineFacts): string[] {
  if (engine.addresses.includes(plan.advertised)) return [];
  return [
    `advertisedAddress ${plan.advertised} is not one of the engine’s machine (${engine.addresses.join(', ')}); right only if a router forwards to it.`,
  ];
}

async function silentStun(plan: Plan, config: Config): Promise<string[]> {
  if (plan.stun === undefined || config.stunServer.startsWith('coturn:')) return [];
  if (await stunAnswers(plan.stun.host, plan.stun.port)) return [];
  return [`stun_server ${config.stunServer} does not answer; viewers behind other networks need it or TURN.`];
}
