/** What a container says, from a time on. */
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { $ } from './command.ts';
import { Failure } from './steps.ts';

export interface ReadOptions {
  /** From when on, as the engine takes it: a duration such as `10m`, or a time. */
  since: string;
  /** Goes on with what comes, over ends, starts and replacements of the container, until `signal`. */
  follow?: boolean;
  signal?: AbortSignal;
}

/** Milliseconds until a container that has ended is looked at again. */
const pause = 500;

/**
 * Reads the log of a container.
 * @param take is told every line, with the engine's stamp before it
 * @throws Failure when there is no such container, or `since` is not understood
 */
export async function readLog(
  container: string,
  { since, follow = false, signal }: ReadOptions,
  take: (line: string) => void,
): Promise<void> {
  for (let last = ''; ; ) {
    const options = ['--timestamps', '--since', last || since, ...(follow ? ['--follow'] : [])];
    const running = $({ quiet: true, nothrow: true, signal })`docker logs ${options} ${container}`;
    const seen = last;
    // Both of a container's streams are its log.
    await Promise.all(
      [running.stdout, running.stderr].map(async (input) => {
        for await (const line of createInterface({ input })) {
          const stamp = line.slice(0, line.indexOf(' '));
          // What the engine says of itself has none.
          if (!/^\d{4}-/.test(stamp) || stamp <= seen) continue;
          if (stamp > last) last = stamp;
          take(line);
        }
      }),
    );
    const ended = await running;
    if (signal?.aborted) return;
    if (ended.exitCode !== 0 && (!follow || last === '')) {
      const why = ended.stderr.trim().split('\n').at(-1);
      throw new Failure(
        `The log of ${container} cannot be read (${why}); does the engine answer, is its stack deployed, and is --since a duration such as 10m or a time?`,
      );
    }
    if (!follow) return;
    // The engine ends a log with the container.
    await setTimeout(pause, undefined, { signal }).catch(() => undefined);
  }
}
