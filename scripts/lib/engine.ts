/** The container engine: what it is, and how it comes to a machine that has none. */
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { BlockList } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { which } from 'zx';
import type { EngineFacts } from '../../infra/plan/facts.ts';
import { $ } from './command.ts';
import { ownAddresses } from './own-addresses.ts';
import { stateFolder } from './paths.ts';
import { Failure } from './steps.ts';

const pidFile = join(stateFolder, 'dockerd.pid');
const packagesFile = join(stateFolder, 'installed-packages');

/** What `docker info` says that the plan needs. */
interface Info {
  ServerVersion: string;
  OSType: string;
  OperatingSystem: string;
  NCPU: number;
  MemTotal: number;
  SecurityOptions: string[] | null;
}

/** @throws Failure when no engine answers. */
async function info(): Promise<Info> {
  if ((await which('docker', { nothrow: true })) === null) {
    throw new Failure(
      'The docker command was not found on PATH; install Docker, or run `npm run up` as root on Debian.',
    );
  }
  const answer = await $({
    nothrow: true,
    quiet: true,
    timeout: '20s',
  })`docker info --format ${'{{json .}}'}`;
  const parsed =
    answer.exitCode === 0 ? (JSON.parse(answer.stdout) as Info & { ServerErrors?: string[] }) : undefined;
  if (!parsed?.ServerVersion) {
    const why = (parsed?.ServerErrors?.[0] ?? answer.stderr).trim().split('\n')[0];
    throw new Failure(
      `No container engine answers (${why}); start Docker, or set DOCKER_HOST to one that runs.`,
    );
  }
  return parsed;
}

const family = (address: string): 'ipv4' | 'ipv6' => (address.includes(':') ? 'ipv6' : 'ipv4');

/** Why no engine answers, a sentence; undefined when one does. */
export async function engineProblem(): Promise<string | undefined> {
  return info().then(
    () => undefined,
    (error: Error) => error.message,
  );
}

/** Whether an engine answers. */
export const engineAnswers = async (): Promise<boolean> => (await engineProblem()) === undefined;

/**
 * Reads the facts of the engine that `docker` reaches. Addresses and kernel settings are read by a container of
 * `image` on the engine's host network, as the engine may be another machine.
 */
export async function readEngineFacts(image: string): Promise<EngineFacts> {
  const [engine, host, networks] = await Promise.all([
    info(),
    readHost(image),
    $({ quiet: true })`docker network ls --filter driver=bridge --format {{.ID}}`.then(
      ({ stdout }) =>
        $({
          quiet: true,
        })`docker network inspect --format ${'{{.Name}} {{range .IPAM.Config}}{{.Subnet}} {{end}}'} ${stdout.trim().split('\n')}`,
    ),
  ]);
  const [portRange, held, ...routeTable] = host.trim().split('\n');
  const [first, last] = portRange.trim().split(/\s+/).map(Number);
  const bridges = networks.stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .map(([name, ...subnets]) => ({ name, subnets }));
  const routes = readRoutes(routeTable);
  const ownBridges = blockList(bridges.flatMap(({ subnets }) => subnets));
  const wayOut = blockList(routes.filter(({ leadsOut }) => leadsOut).map(({ subnet }) => subnet));
  const addresses = held
    .split(/\s+/)
    .filter((address) => address !== '' && !ownBridges.check(address, family(address)));
  const onWayOut = (address: string) => wayOut.check(address, family(address));
  const virtualMachine = /docker desktop|colima|orbstack|rancher/i.test(engine.OperatingSystem);
  return {
    version: engine.ServerVersion,
    operatingSystem: engine.OSType === 'windows' ? 'windows' : 'linux',
    rootless: (engine.SecurityOptions ?? []).some((option) => option.includes('rootless')),
    virtualMachine,
    cores: engine.NCPU,
    memory: engine.MemTotal,
    // Ports of a virtual machine are published on the machine round it, and its own address is reached by nobody.
    addresses: virtualMachine
      ? await ownAddresses()
      : [...addresses.filter(onWayOut), ...addresses.filter((address) => !onWayOut(address))],
    networks: bridges,
    routes: routes.map(({ subnet }) => subnet),
    ephemeralPorts: { first, last },
  };
}

function blockList(subnets: string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address, prefix] = subnet.split('/');
    list.addSubnet(address, Number(prefix), family(address));
  }
  return list;
}

/**
 * The kernel's table of IPv4 routes (/proc/net/route), whose addresses are hexadecimal in the machine's byte order.
 * A subnet leads out when it is on the interface of the default route.
 */
function readRoutes([, ...lines]: string[]): { subnet: string; leadsOut: boolean }[] {
  const bytes = (hex: string) => (hex.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16));
  const routes = lines.map((line) => {
    const [device, destination, , , , , , mask] = line.split(/\s+/);
    const prefix = bytes(mask).reduce((bits, byte) => bits + byte.toString(2).replaceAll('0', '').length, 0);
    return { device, subnet: `${bytes(destination).join('.')}/${prefix}`, prefix };
  });
  const way = routes.find(({ prefix }) => prefix === 0)?.device;
  return routes
    .filter(({ prefix }) => prefix > 0)
    .map(({ device, subnet }) => ({ subnet, leadsOut: device === way }));
}

/** What only a container on the engine's host network sees. */
async function readHost(image: string): Promise<string> {
  const script = 'cat /proc/sys/net/ipv4/ip_local_port_range; hostname -I; cat /proc/net/route';
  const ended = await $({
    quiet: true,
    nothrow: true,
  })`docker run --rm --network host ${image} sh -c ${script}`;
  if (ended.exitCode !== 0) {
    throw new Failure(
      `The engine cannot run a container of ${image} (${ended.stderr.trim().split('\n')[0]}); mend that and run the command again.`,
    );
  }
  return ended.stdout;
}

/** Images that the containers of a stack run. */
export async function runningImages(stack: string): Promise<string[]> {
  const listed = await $({
    quiet: true,
  })`docker ps --filter label=janus-deploy.stack=janus-deploy-${stack} --format {{.Image}}`;
  return listed.stdout.split('\n').filter((image) => image !== '');
}

/** Names, with tags, of this project's images on the engine. */
export async function presentImages(): Promise<Set<string>> {
  const listed = await $({
    quiet: true,
  })`docker images --filter reference=janus-deploy/* --format ${'{{.Repository}}:{{.Tag}}'}`;
  return new Set(listed.stdout.split('\n'));
}

/**
 * Makes sure an engine answers: the one there is, else the distribution's, installed and started.
 * @param install puts Debian packages in place; from the distribution's servers unless said
 * @returns how it was had, for the step's line.
 */
export async function ensureEngine(install = aptInstall): Promise<string> {
  if (await engineAnswers()) return `${(await info()).ServerVersion}, running`;
  if (process.env.DOCKER_HOST) await info();
  const root = process.getuid?.() === 0;
  let done = 'started';
  if ((await which('dockerd', { nothrow: true })) === null) {
    if (!root || (await which('apt-get', { nothrow: true })) === null) {
      throw new Failure(
        'No container engine was found and this user may not install one; run `apt-get install docker.io iptables` as root, or set DOCKER_HOST.',
      );
    }
    await install(['docker.io', 'iptables']);
    done = 'installed and started';
  }
  if (!root)
    throw new Failure(
      'The engine is installed but does not run; start it as root: `systemctl start docker`.',
    );
  if (!(await engineAnswers())) await startEngine();
  return `${(await info()).ServerVersion}, ${done}`;
}

/** The commands of root's that install Debian packages, one after another. */
export const installCommands = (packages: string[]): string[][] => [
  // An installation that was killed half-way is finished first, or nothing can be installed.
  ['dpkg', '--configure', '-a'],
  ['apt-get', 'update', '-qq'],
  ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages],
];

/** Installs Debian packages without questions and without starting what they bring. */
export async function aptInstall(packages: string[]): Promise<void> {
  const apt = $({ quiet: true, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  for (const command of installCommands(packages)) await apt`${command}`;
  recordInstalled(packages);
}

/** Remembers packages for `installedPackages`. */
export function recordInstalled(packages: string[]): void {
  mkdirSync(stateFolder, { recursive: true });
  appendFileSync(packagesFile, `${packages.join('\n')}\n`);
}

/** Packages that were installed here; removing them is left to the package manager. */
export function installedPackages(): string[] {
  if (!existsSync(packagesFile)) return [];
  return [...new Set(readFileSync(packagesFile, 'utf8').trim().split('\n'))];
}

async function startEngine(): Promise<void> {
  if ((await $({ nothrow: true, quiet: true })`systemctl start docker`).exitCode !== 0) {
    // No service manager, as in a container: the daemon is ours, and `down --all` ends it.
    mkdirSync(stateFolder, { recursive: true });
    const log = openSync(join(stateFolder, 'dockerd.log'), 'a');
    const daemon = spawn('dockerd', [], { detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    daemon.unref();
    writeFileSync(pidFile, String(daemon.pid));
  }
  for (let attempt = 0; attempt < 60; attempt++) {
    if (await engineAnswers()) return;
    await setTimeout(500);
  }
  throw new Failure(
    `The engine did not answer within 30 s of its start; see ${join(stateFolder, 'dockerd.log')}.`,
  );
}

/** Ends the daemon that `ensureEngine` started, if it did and it still is that process, with its bridge and rules. */
export async function stopOwnEngine(): Promise<boolean> {
  if (!existsSync(pidFile)) return false;
  const pid = readFileSync(pidFile, 'utf8').trim();
  const running = () =>
    existsSync(`/proc/${pid}/comm`) && readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('dockerd');
  if (!running()) return false;
  process.kill(Number(pid), 'SIGTERM');
  for (let attempt = 0; attempt < 60 && running(); attempt++) await setTimeout(500);
  await removeEngineNetwork();
  return true;
}

/** A daemon leaves its bridge and its firewall chains behind when it ends. */
async function removeEngineNetwork(): Promise<void> {
  const host = $({ quiet: true, nothrow: true });
  await host`ip link delete docker0`;
  for (const command of ['iptables', 'ip6tables']) {
    const saved = (await host`${command}-save`).stdout;
    const kept = saved.split('\n').filter((line) => !/DOCKER|docker0/.test(line));
    if (kept.length < saved.split('\n').length) {
      // The daemon sets the policy to DROP; without it nothing forwards but what the machine's own rules say.
      const rules = kept.join('\n').replace(':FORWARD DROP', ':FORWARD ACCEPT');
      await $({ quiet: true, nothrow: true, input: rules })`${command}-restore`;
    }
  }
}
