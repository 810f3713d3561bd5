/** Who listens on which port of the engine's machine, read from its kernel (Linux). */
import { basename } from 'node:path';
import { $ } from './command.ts';
import type { Listener } from './doctor/ports.ts';

/** State of a listening TCP socket in /proc/net/tcp. */
const listen = '0A';

/**
 * What the kernel knows, a line for each: every socket, which process has it open, and of every process its name, the
 * container it is in and the program that it runs.
 */
const question = [
  'cd /proc',
  'for table in tcp tcp6 udp udp6; do [ ! -e net/$table ] || sed "s/^/$table/" net/$table; done',
  "find [0-9]*/fd -lname 'socket:*' -printf '%p %l\\n' 2>/dev/null",
  "grep -s '' [0-9]*/comm",
  "grep -so -m 1 '[0-9a-f]\\{64\\}' [0-9]*/cgroup",
  "grep -sz -m 1 '' [0-9]*/cmdline | tr '\\0' '\\n'",
  // What ended while it was looked at is left out, and is no failure.
  'true',
].join('; ');

interface Process {
  comm?: string;
  cgroup?: string;
  cmdline?: string;
}

/**
 * All programs that listen, asked for by a container that sees the machine's processes and network.
 * @param image any of Debian's
 */
export async function listeners(image: string): Promise<Listener[]> {
  // To see what processes of others have open.
  const rights = ['--cap-add=SYS_PTRACE', '--security-opt=apparmor=unconfined'];
  const [asked, containers] = await Promise.all([
    $({ quiet: true })`docker run --rm --network=host --pid=host ${rights} ${image} sh -c ${question}`,
    runningContainers(),
  ]);
  const lines = asked.stdout.split('\n');
  const [owners, processes] = [socketOwners(lines), readProcesses(lines)];
  return readSockets(lines).map(({ protocol, port, inode }) => {
    const pid = owners.get(inode) ?? 0;
    const holder = processes.get(pid) ?? {};
    const container = containerOf(holder, containers);
    const owner = container ? `container ${container.name}` : processName(pid, holder);
    return { protocol, port, pid, owner, container: container?.name, stack: container?.stack };
  });
}

function readSockets(lines: string[]): { protocol: 'tcp' | 'udp'; port: number; inode: string }[] {
  return lines.flatMap((line) => {
    const [, protocol, entry] = /^(tcp|udp)6? +\d+: (.*)/.exec(line) ?? [];
    if (entry === undefined) return [];
    const [local, , state, , , , , , inode] = entry.trim().split(/\s+/);
    if (protocol === 'tcp' && state !== listen) return [];
    return [{ protocol: protocol as 'tcp' | 'udp', port: Number.parseInt(local.split(':')[1], 16), inode }];
  });
}

/** Process ids by the inode of the sockets they hold. */
function socketOwners(lines: string[]): Map<string, number> {
  return new Map(
    lines.flatMap((line) => {
      const [, pid, inode] = /^(\d+)\/fd\/\d+ socket:\[(\d+)\]$/.exec(line) ?? [];
      return inode ? [[inode, Number(pid)] as const] : [];
    }),
  );
}

function readProcesses(lines: string[]): Map<number, Process> {
  const processes = new Map<number, Process>();
  for (const line of lines) {
    const [, pid, what, text] = /^(\d+)\/(comm|cgroup|cmdline):(.*)$/.exec(line) ?? [];
    if (pid) processes.set(Number(pid), { ...processes.get(Number(pid)), [what]: text });
  }
  return processes;
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

function containerOf(
  { cgroup, cmdline }: Process,
  containers: Map<string, Container>,
): Container | undefined {
  if (cgroup !== undefined) return containers.get(cgroup);
  // A published port is held by the engine's proxy, outside of the container.
  return cmdline?.endsWith('docker-proxy') ? { name: 'on a bridge network' } : undefined;
}

/** The program's own name, else what the kernel calls its first thread. */
function processName(pid: number, { cmdline, comm }: Process): string {
  if (pid === 0) return 'a process that cannot be seen';
  return `${basename(cmdline ?? '') || comm} (process ${pid})`;
}
