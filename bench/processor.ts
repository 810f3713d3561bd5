/** Processor time by the kernel's accounting, threads and cores apart. */
import { readdirSync, readFileSync } from 'node:fs';

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

/** How busy each core was, 0 to 1. */
function coreTimes(): { busy: number; all: number }[] {
  return readFileSync('/proc/stat', 'utf8')
    .split('\n')
    .filter((line) => /^cpu\d/.test(line))
    .map((line) => {
      const times = line.split(/\s+/).slice(1, 9).map(Number);
      const all = times.reduce((sum, time) => sum + time, 0);
      return { busy: all - times[3] - times[4], all };
    });
}

/** Begins to account for groups of processes; the function it returns gives what each used since. */
export function account<Group extends string>(
  groups: Record<Group, number[]>,
): () => { usage: Record<Group, Usage>; cores: number[] } {
  const snapshot = () =>
    Object.entries<number[]>(groups).map(([, pids]) => new Map(pids.flatMap((pid) => [...threadsOf(pid)])));
  const [before, coresBefore, began] = [snapshot(), coreTimes(), process.hrtime.bigint()];
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
    const cores = coreTimes().map(
      ({ busy, all }, core) => (busy - coresBefore[core].busy) / (all - coresBefore[core].all),
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

/** Resident memory of a process in KiB. */
export function residentMemory(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}
