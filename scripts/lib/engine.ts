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
import { $, which } from 'zx';
import type { EngineFacts } from '../../infra/plan/facts.ts';
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

/** Whether an engine answers. */
export async function engineAnswers(): Promise<boolean> {
  return info().then(
    () => true,
    () => false,
  );
}

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
        })`docker network inspect --format ${'{{range .IPAM.Config}}{{.Subnet}} {{end}}'} ${stdout.trim().split('\n')}`,
    ),
  ]);
  const [portRange, addresses] = host.trim().split('\n');
  const [first, last] = portRange.trim().split(/\s+/).map(Number);
  const bridges = new BlockList();
  for (const subnet of networks.stdout.split(/\s+/).filter((text) => text.includes('/'))) {
    const [address, prefix] = subnet.split('/');
    bridges.addSubnet(address, Number(prefix), family(address));
  }
  return {
    version: engine.ServerVersion,
    operatingSystem: engine.OSType === 'windows' ? 'windows' : 'linux',
    rootless: (engine.SecurityOptions ?? []).some((option) => option.includes('rootless')),
    virtualMachine: /docker desktop|colima|orbstack|rancher/i.test(engine.OperatingSystem),
    cores: engine.NCPU,
    memory: engine.MemTotal,
    addresses: (addresses ?? '')
      .split(/\s+/)
      .filter((address) => address !== '' && !bridges.check(address, family(address))),
    ephemeralPorts: { first, last },
  };
}

/** What only a container on the engine's host network sees. */
async function readHost(image: string): Promise<string> {
  const script = 'cat /proc/sys/net/ipv4/ip_local_port_range; hostname -I';
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

/**
 * Makes sure an engine answers: the one there is, else the distribution's, installed and started.
 * @returns how it was had, for the step's line.
 */
export async function ensureEngine(): Promise<string> {
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
    await aptInstall(['docker.io', 'iptables']);
    done = 'installed from the distribution and started';
  }
  if (!root)
    throw new Failure(
      'The engine is installed but does not run; start it as root: `systemctl start docker`.',
    );
  if (!(await engineAnswers())) await startEngine();
  return `${(await info()).ServerVersion}, ${done}`;
}

/** Installs Debian packages without questions and without starting what they bring. */
export async function aptInstall(packages: string[]): Promise<void> {
  const apt = $({ quiet: true, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  // An installation that was killed half-way is finished first, or nothing can be installed.
  await apt`dpkg --configure -a`;
  await apt`apt-get update -qq`;
  await apt`apt-get install -y -qq --no-install-recommends ${packages}`;
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
