/** Who listens on which port of this machine, read from the kernel (Linux). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { $ } from './command.ts';
import type { Listener } from './doctor/ports.ts';

/** State of a listening TCP socket in /proc/net/tcp. */
const listen = '0A';

/** All programs that listen; nothing on systems without /proc. */
export async function listeners(): Promise<Listener[]> {
  const sockets = (['tcp', 'udp'] as const).flatMap((protocol) => [
    ...readSockets(protocol, `/proc/net/${protocol}`),
    ...readSockets(protocol, `/proc/net/${protocol}6`),
  ]);
  if (sockets.length === 0) return [];
  const [owners, containers] = [socketOwners(), await runningContainers()];
  return sockets.map(({ protocol, port, inode }) => {
    const pid = owners.get(inode) ?? 0;
    const container = containerOf(pid, containers);
    const owner = container ? `container ${container.name}` : processName(pid);
    return { protocol, port, pid, owner, container: container?.name, stack: container?.stack };
  });
}

function readSockets(
  protocol: 'tcp' | 'udp',
  path: string,
): { protocol: 'tcp' | 'udp'; port: number; inode: string }[] {
  const text = read(path);
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length > 9 && (protocol === 'udp' || fields[3] === listen))
    .map((fields) => ({ protocol, port: Number.parseInt(fields[1].split(':')[1], 16), inode: fields[9] }));
}

/** Process ids by the inode of the sockets they hold. */
function socketOwners(): Map<string, number> {
  const owners = new Map<string, number>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1];
        if (inode) owners.set(inode, Number(pid));
      }
    } catch {
      // The process ended meanwhile, or is another user's.
    }
  }
  return owners;
}

interface Container {
  name: string;
  /** Of the deployment that it belongs to, if any. */
  stack?: string;
}

/** By their full ids. */
async function runningContainers(): Promise<Map<string, Container>> {
  const listed = await $({
    quiet: true,
    nothrow: true,
  })`docker ps --no-trunc --format ${'{{.ID}} {{.Names}} {{.Label "janus-deploy.stack"}}'}`;
  return new Map(
    listed.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([id, name, stack]) => [id, { name, stack }]),
  );
}

function containerOf(pid: number, containers: Map<string, Container>): Container | undefined {
  const command = read(`/proc/${pid}/cmdline`).split('\0');
  const id = /[0-9a-f]{64}/.exec(read(`/proc/${pid}/cgroup`))?.[0];
  if (id) return containers.get(id);
  // A published port is held by the engine's proxy, outside of the container.
  return command[0]?.endsWith('docker-proxy') ? { name: 'on a bridge network' } : undefined;
}

/** The program's own name, else what the kernel calls its first thread. */
function processName(pid: number): string {
  if (pid === 0) return 'a process of another user';
  const [program] = read(`/proc/${pid}/cmdline`).split('\0');
  return `${basename(program) || read(`/proc/${pid}/comm`).trim()} (process ${pid})`;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
