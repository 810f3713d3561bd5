/** Whether the engine and its machine can carry the viewers. Pure. */
import type { EngineFacts } from '../../../infra/plan/facts.ts';
import type { Plan } from '../../../infra/plan/plan.ts';
import { about, type Finding } from './finding.ts';

/** What a container on the machine's network sees of its kernel. */
export interface MachineFacts {
  /** e.g. "6.1.0-25-amd64". */
  kernel: string;
  /** Sizes of UDP sockets' buffers that are not asked for otherwise, in bytes. */
  buffers: { receive: number; send: number };
  /** UDP packets since the machine started: received, and dropped as a socket's buffer was full. */
  udp: { received: number; receiveDropped: number; sent: number; sendDropped: number };
  /** Files that a process in a container may have open. */
  openFiles: number;
  /** What the kernel does with core dumps: a file's name, or a program after a bar. */
  corePattern: string;
}

const engine = about('engine');
const machine = about('machine');

/** The oldest engine that the project is made for. */
const oldestEngine = [20, 10];

/** What kernels give without being told, and what the plugin's pacing is made for: 208 KiB. */
const usualBuffer = 212_992;

/** Share of dropped packets that viewers begin to see; a machine that received few has not shown anything yet. */
const visibleLoss = 0.001;
const fewPackets = 100_000;

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
const kibibytes = (bytes: number): string => `${Math.round(bytes / 1024)} KiB`;

export function engineFindings({ version, cores, memory, rootless }: EngineFacts, plan: Plan): Finding[] {
  const [major, minor] = version.split('.').map(Number);
  const old = major < oldestEngine[0] || (major === oldestEngine[0] && minor < oldestEngine[1]);
  const wanted =
    Object.values(plan.containers).reduce((sum, container) => sum + container.memory, 0) * 2 ** 20;
  return [
    old
      ? engine.error({
          what: `The engine is Docker ${version}; accepted: ${oldestEngine.join('.')} or newer`,
          why: 'images are built, and containers limited, by what older engines do not have',
          remedy: 'update Docker',
        })
      : engine.ok(
          `Docker ${version}${rootless ? ', rootless' : ''}; ${plan.network.mode} network: ${plan.network.why}`,
        ),
    wanted > memory
      ? engine.warning({
          what: `The services may take ${mebibytes(wanted)} of memory together, and the engine has ${mebibytes(memory)}`,
          why: 'the kernel ends a process when memory is short, and everybody’s film with it',
          remedy: 'lower maxViewers, or give the machine (or Docker Desktop’s virtual machine) more memory',
        })
      : engine.ok(
          `${cores} processor${cores === 1 ? '' : 's'}, ${mebibytes(memory)} of memory; ${mebibytes(wanted)} are the most that the services take`,
        ),
  ];
}

/**
 * @param userlandProxy whether the engine starts a process for each published port; undefined where that is not known
 */
export function machineFindings(
  { kernel, buffers, udp, openFiles, corePattern }: MachineFacts,
  plan: Plan,
  userlandProxy: boolean | undefined,
): Finding[] {
  return [
    machine.ok(`Linux ${kernel}`),
    ...bufferFindings(buffers),
    dropFinding('received', udp.received, udp.receiveDropped, 'rmem'),
    dropFinding('sent', udp.sent, udp.sendDropped, 'wmem'),
    fileFinding(openFiles, plan),
    ...coreFindings(corePattern, plan),
    ...proxyFindings(plan, userlandProxy),
  ];
}

function bufferFindings({ receive, send }: MachineFacts['buffers']): Finding[] {
  const small = (
    [
      ['receive', receive, 'rmem'],
      ['send', send, 'wmem'],
    ] as const
  ).filter(([, size]) => size < usualBuffer);
  if (small.length === 0) {
    return [machine.ok(`UDP buffers of ${kibibytes(receive)} to receive and ${kibibytes(send)} to send`)];
  }
  return small.map(([what, size, name]) =>
    machine.warning({
      what: `The ${what} buffer of a UDP socket is ${kibibytes(size)} (net.core.${name}_default); usual: ${kibibytes(usualBuffer)}`,
      why: 'a key frame is some 90 packets, and those that find no room are lost',
      remedy: `run \`sysctl -w net.core.${name}_default=${usualBuffer} net.core.${name}_max=${usualBuffer}\` on the machine, and write both to /etc/sysctl.d`,
    }),
  );
}

function dropFinding(way: string, total: number, dropped: number, name: string): Finding {
  const share = dropped / Math.max(1, total + dropped);
  if (share < visibleLoss || total < fewPackets) {
    return machine.ok(
      `${dropped} of ${total + dropped} UDP packets ${way} since the machine started found a full buffer`,
    );
  }
  return machine.warning({
    what: `${dropped} of ${total + dropped} UDP packets ${way} (${(100 * share).toFixed(1)} %) found a full buffer and were lost since the machine started`,
    why: 'what is lost has to be sent again, and freezes the picture when it comes too late',
    remedy: `raise net.core.${name}_default and net.core.${name}_max, or find the program that is too busy (\`ss -uamp\`)`,
  });
}

/** Each viewer has a few sockets at the gateway, and at the web server both sides of up to four requests. */
const filesPerViewer = 12;
const filesBeside = 1024;

function fileFinding(openFiles: number, { maxViewers }: Plan): Finding {
  const needed = filesBeside + filesPerViewer * maxViewers;
  if (openFiles >= needed)
    return machine.ok(`${openFiles} open files per process; ${maxViewers} viewers need ${needed}`);
  return machine.error({
    what: `A process in a container may have ${openFiles} files open; ${maxViewers} viewers need ${needed}`,
    why: 'sockets are files: viewers beyond the limit are refused',
    remedy:
      'raise LimitNOFILE of the docker service (or default-ulimits in /etc/docker/daemon.json), or lower maxViewers',
  });
}

/** A name without a folder is a file where the process runs: in the container, and so in its volume. */
function coreFindings(pattern: string, { containers }: Plan): Finding[] {
  if (!containers.gateway.dumpsCore) return [];
  if (!/[|/]/.test(pattern)) return [machine.ok(`Core dumps are kept (kernel.core_pattern is ${pattern})`)];
  return [
    machine.warning({
      what: `The kernel writes core dumps to ${JSON.stringify(pattern)} (kernel.core_pattern), and coreDumps is true`,
      why: pattern.startsWith('|')
        ? 'it hands them to that program on the machine, which may keep them, and not to the gateway’s volume'
        : 'that folder is not one that the gateway can write to and keep',
      remedy:
        'run `sysctl -w kernel.core_pattern=core.%p` on the machine, which is for all of its programs, or set coreDumps: false',
    }),
  ];
}

/** Published ports that start more processes than a small machine bears without noticing. */
const manyProxies = 60;

function proxyFindings({ network, published }: Plan, userlandProxy: boolean | undefined): Finding[] {
  if (network.mode === 'host') return [];
  const ports = Object.values(published).flat().length;
  if (userlandProxy === undefined) {
    return [
      machine.unknown(
        `Whether the engine starts a process for each of the ${ports} published ports is only known on its machine`,
      ),
    ];
  }
  if (!userlandProxy) return [machine.ok(`${ports} ports are published without a process for each`)];
  if (ports < manyProxies) return [machine.ok(`${ports} ports are published, with a process for each`)];
  return [
    machine.warning({
      what: `The engine starts a process for each of the ${ports} published ports`,
      why: 'each takes some MiB of memory, and starting and ending them takes minutes',
      remedy:
        'set "userland-proxy": false in /etc/docker/daemon.json and restart Docker, or use network: host, or lower maxViewers',
    }),
  ];
}
