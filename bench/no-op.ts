/** What it costs to find that nothing has to be done: `npm run up` beside `docker compose up` of the same services. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { $, which } from 'zx';
import { serviceNames } from '../infra/plan/container.ts';
import { aptInstall } from '../scripts/lib/engine.ts';
import { projectFolder } from '../scripts/lib/paths.ts';
import { Failure } from '../scripts/lib/steps.ts';

/** What `docker inspect` says of a container. */
interface Container {
  Image: string;
  Config: { User: string; Healthcheck: { Test: string[] } };
  HostConfig: { Memory: number; Tmpfs: Record<string, string> };
  Mounts: { Type: string; Name?: string; Source: string; Destination: string }[];
}

/** Seconds of the clock, and of processors in the commands themselves, without the engine's. */
export interface Cost {
  wall: number;
  processor: number;
}

/** Medians of `rounds` runs of each, one after the other. */
export async function compareNoOps(stack: string, rounds: number): Promise<{ up: Cost; compose: Cost }> {
  const folder = await mkdtemp(join(tmpdir(), 'janus-deploy-no-op-'));
  const file = join(folder, 'docker-compose.yaml');
  const compose = [...(await findCompose()), '--file', file, '--project-name', `${stack}-compose`];
  const up = [process.execPath, join(projectFolder, 'scripts', 'up.ts'), '--stack', stack];
  try {
    await writeFile(file, stringify(await composeFile(stack)));
    await $({ quiet: true })`${compose} up -d`;
    const costs: { up: Cost; compose: Cost }[] = [];
    for (let round = 0; round < rounds; round++)
      costs.push({ up: await costOf(up), compose: await costOf([...compose, 'up', '-d']) });
    return { up: median(costs.map((cost) => cost.up)), compose: median(costs.map((cost) => cost.compose)) };
  } finally {
    await $({ quiet: true, nothrow: true })`${compose} down`;
    await rm(folder, { recursive: true, force: true });
  }
}

/** The engine's plugin, else the program of the distribution. */
async function findCompose(): Promise<string[]> {
  if ((await $({ quiet: true, nothrow: true })`docker compose version`).exitCode === 0)
    return ['docker', 'compose'];
  if ((await which('docker-compose', { nothrow: true })) === null) await aptInstall(['docker-compose']);
  return ['docker-compose'];
}

/**
 * The services of a deployed stack as Compose has them: the same images, files, users and limits. They have no network,
 * as the stack's ports are taken by the stack; what Compose compares is as much.
 */
async function composeFile(stack: string): Promise<object> {
  const services = serviceNames.map(async (name) => {
    const inspected = await $({ quiet: true, nothrow: true })`docker inspect janus-deploy-${stack}-${name}`;
    if (inspected.exitCode !== 0)
      throw new Failure(`Stack ${stack} is not deployed; deploy it first: npm run up -- --stack ${stack}.`);
    const [{ Image, Config, HostConfig, Mounts }]: Container[] = JSON.parse(inspected.stdout);
    const service = {
      image: Image,
      network_mode: 'none',
      user: Config.User,
      read_only: true,
      init: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      mem_limit: HostConfig.Memory,
      tmpfs: Object.entries(HostConfig.Tmpfs).map(([path, options]) => `${path}:${options}`),
      volumes: Mounts.map((mount) => `${mount.Name ?? mount.Source}:${mount.Destination}:ro`),
      // The addresses that it is to listen on are the machine's, and not there.
      sysctls: [
        'net.ipv4.ip_nonlocal_bind=1',
        'net.ipv6.conf.all.disable_ipv6=0',
        'net.ipv6.ip_nonlocal_bind=1',
      ],
      healthcheck: { test: Config.Healthcheck.Test },
      restart: 'unless-stopped',
    };
    return [name, service, Mounts.flatMap((mount) => mount.Name ?? [])] as const;
  });
  const known = await Promise.all(services);
  return {
    version: '2.4',
    services: Object.fromEntries(known.map(([name, service]) => [name, service])),
    volumes: Object.fromEntries(
      known.flatMap(([, , names]) => names.map((name) => [name, { external: true }])),
    ),
  };
}

async function costOf(command: string[]): Promise<Cost> {
  const script = 'TIMEFORMAT="%R %U %S"; time "$@" > /dev/null 2>&1';
  const ended = await $({ quiet: true, nothrow: true })`bash -c ${script} bash ${command}`;
  if (ended.exitCode !== 0)
    throw new Failure(`${command.join(' ')} ended with status ${ended.exitCode}; run it to see why.`);
  const [wall, user, system] = ended.stderr.trim().split(' ').map(Number);
  return { wall, processor: user + system };
}

function median(costs: Cost[]): Cost {
  const middle = (numbers: number[]) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
  return {
    wall: middle(costs.map(({ wall }) => wall)),
    processor: middle(costs.map((cost) => cost.processor)),
  };
}
