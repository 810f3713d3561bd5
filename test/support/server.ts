/**
 * Another machine, reached by ssh: the files of a Debian that has sshd and no Docker, in network, process and mount
 * namespaces of their own. It needs root, and is on a network that this machine's engine makes for it and leads outside.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { $, type ProcessOutput } from 'zx';
import { findBaseImage } from '../../scripts/lib/base-image.ts';
import { slot } from './slot.ts';
import { SshClient } from './ssh-client.ts';

const here = fileURLToPath(new URL('server', import.meta.url));
const name = `janus-server-${slot}`;
const [bridge, outside, inside] = [`jserver${slot}`, `joutside${slot}`, `jinside${slot}`];
/** Of the ranges that are reserved for documentation: an engine takes none of them for its own networks. */
const subnet = (host: number, prefix = '') => `198.51.100.${64 * slot + host}${prefix}`;

export class Server {
  readonly address = subnet(2);
  private readonly folder = mkdtempSync(join(tmpdir(), 'janus-deploy-server-'));
  /** All of the machine's files, seen from here. */
  readonly root = join(this.folder, 'root');
  /** It is let in. */
  ssh!: SshClient;
  private machine?: ChildProcess;

  static async start(): Promise<Server> {
    const server = new Server();
    await server.makeFiles();
    await server.connect();
    await server.boot();
    return server;
  }

  /** How the machine is reached, by root unless another user is named. */
  dockerHost(user = 'root', port = 22): string {
    return `ssh://${user}@${this.address}:${port}`;
  }

  /** Runs a shell script on the machine. */
  async run(script: string): Promise<ProcessOutput> {
    return $({ quiet: true, nothrow: true, input: script })`${this.ssh.path}/ssh root@${this.address} sh -s`;
  }

  /** Copies images of this machine's engine to the machine's, so that they need not be made again. */
  async load(images: string[]): Promise<void> {
    await $({ quiet: true })`docker save ${images} | ${this.ssh.path}/ssh root@${this.address} docker load`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const machine = this.machine;
    if (machine?.exitCode === null) {
      // Its first process ends, and with that every other in it.
      machine.kill('SIGKILL');
      await once(machine, 'exit');
    }
    await removeNetwork();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
  }

  private async makeFiles(): Promise<void> {
    const image = await serverImage();
    const container = (await $({ quiet: true })`docker create ${image} true`).stdout.trim();
    mkdirSync(this.root);
    try {
      await $({ quiet: true })`docker export ${container} | tar -x -C ${this.root}`;
    } finally {
      await $({ quiet: true })`docker rm ${container}`;
    }
    cpSync('/etc/resolv.conf', join(this.root, 'etc/resolv.conf'), { dereference: true });
    this.ssh = await SshClient.make(join(this.folder, 'ssh'));
    mkdirSync(join(this.root, 'root/.ssh'), { mode: 0o700 });
    writeFileSync(join(this.root, 'root/.ssh/authorized_keys'), this.ssh.publicKey);
  }

  private async connect(): Promise<void> {
    await removeNetwork();
    const ip = $({ quiet: true });
    const named = ['--opt', `com.docker.network.bridge.name=${bridge}`];
    await ip`docker network create --subnet ${subnet(0, '/26')} --gateway ${subnet(1)} ${named} ${name}`;
    await ip`ip netns add ${name}`;
    await ip`ip link add ${outside} type veth peer name ${inside} netns ${name}`;
    await ip`ip link set ${outside} master ${bridge} up`;
    for (const command of [
      ['link', 'set', 'lo', 'up'],
      ['addr', 'add', `${this.address}/26`, 'dev', inside],
      ['link', 'set', inside, 'up'],
      ['route', 'add', 'default', 'via', subnet(1)],
    ]) {
      await ip`ip -n ${name} ${command}`;
    }
  }

  private async boot(): Promise<void> {
    const spaces = ['--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child'];
    const machine = spawn(
      'nsenter',
      [`--net=/var/run/netns/${name}`, 'unshare', ...spaces, join(here, 'machine'), this.root],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.machine = machine;
    let said = '';
    for await (const chunk of machine.stderr) {
      said += chunk;
      if (said.includes('Server listening')) break;
    }
    if (!said.includes('Server listening')) throw new Error(`The machine did not start: ${said}`);
    const hostKey = readFileSync(join(this.root, 'etc/ssh/ssh_host_ed25519_key.pub'), 'utf8');
    this.ssh.know(this.address, hostKey);
  }
}

async function removeNetwork(): Promise<void> {
  await $({ quiet: true, nothrow: true })`ip netns delete ${name}`;
  // Without its other end it goes by itself, but not at once.
  await $({ quiet: true, nothrow: true })`ip link delete ${outside}`;
  await $({ quiet: true, nothrow: true })`docker network rm ${name}`;
}

/** Image of a Debian with sshd, made where it is not there. */
export async function serverImage(): Promise<string> {
  const base = await findBaseImage('auto');
  const image = 'janus-deploy/test-server';
  await $({
    quiet: true,
  })`docker build --quiet --tag ${image} --build-arg BASE_IMAGE=${base.name} ${here}`;
  return image;
}
