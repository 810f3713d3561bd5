/** Processor time by the kernel's accounting, threads and cores apart. */
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

interface Thread {
  /** Nanoseconds it ran, and nanoseconds it could have run but had to wait. */
  ran: number;
  waited: number;
  switches: number;
}

/** What some processes used between two moments. */
export interface Usage {
  /** Millicores: thousandths of a processor. */
  millicores: number;
  /** The part of the time that their threads had to wait for a processor, summed over threads. */
  waiting: number;
  /** Context switches a second. */
  switches: number;
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The thread has ended meanwhile.
    return '';
  }
};

function threadsOf(pid: number): Map<string, Thread> {
  let ids: string[] = [];
  try {
    ids = readdirSync(`/proc/${pid}/task`);
  } catch {
    // So has the process.
  }
  return new Map(
    ids.map((id) => {
      const [ran, waited] = read(`/proc/${pid}/task/${id}/schedstat`).split(' ').map(Number);
      const status = read(`/proc/${pid}/task/${id}/status`);
      const switches = [...status.matchAll(/ctxt_switches:\s+(\d+)/g)].reduce(
        (sum, [, n]) => sum + Number(n),
        0,
      );
      return [`${pid}/${id}`, { ran: ran || 0, waited: waited || 0, switches }];
    }),
  );
}

/**
 * Seconds that each core was idle. How long it was busy the kernel guesses from what it finds there at each tick, and who
 * always runs just after one is never seen.
 */
function idleTimes(): number[] {
  return readFileSync('/proc/stat', 'utf8')
    .split('\n')
    .filter((line) => /^cpu\d/.test(line))
    .map((line) => {
      const times = line.split(/\s+/).slice(1).map(Number);
      return (times[3] + times[4]) / 100;
    });
}

/**
 * Begins to account for groups of processes; the function it returns gives what each used since, and how busy each core
 * was, 0 to 1.
 */
export function account<Group extends string>(
  groups: Record<Group, number[]>,
): () => { usage: Record<Group, Usage>; cores: number[] } {
  const snapshot = () =>
    Object.entries<number[]>(groups).map(([, pids]) => new Map(pids.flatMap((pid) => [...threadsOf(pid)])));
  const [before, idleBefore, began] = [snapshot(), idleTimes(), process.hrtime.bigint()];
  return () => {
    const elapsed = Number(process.hrtime.bigint() - began);
    const usage = snapshot().map((threads, group): Usage => {
      const sum = { ran: 0, waited: 0, switches: 0 };
      for (const [id, now] of threads) {
        const then = before[group].get(id) ?? { ran: 0, waited: 0, switches: 0 };
        for (const key of ['ran', 'waited', 'switches'] as const) sum[key] += now[key] - then[key];
      }
      return {
        millicores: (1000 * sum.ran) / elapsed,
        waiting: sum.waited / elapsed,
        switches: (1e9 * sum.switches) / elapsed,
      };
    });
    const cores = idleTimes().map((idle, core) =>
      Math.max(0, 1 - (1e9 * (idle - idleBefore[core])) / elapsed),
    );
    return {
      usage: Object.fromEntries(Object.keys(groups).map((name, group) => [name, usage[group]])) as Record<
        Group,
        Usage
      >,
      cores,
    };
  };
}

/** Whether processes can be given more of the processor than others on this machine get. */
export const mayPrefer = process.getuid?.() === 0;

/** How much what is measured is preferred to what else runs. */
export const preference = 15;

/** Prefers all threads of a process, once; among each other they stay as they are. */
export function prefer(pid: number): void {
  if (!mayPrefer || getPriority(pid) <= -preference) return;
  for (const thread of readdirSync(`/proc/${pid}/task`).map(Number))
    setPriority(thread, getPriority(thread) - preference);
}

/** Resident memory of a process in KiB. */
export function residentMemory(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}
