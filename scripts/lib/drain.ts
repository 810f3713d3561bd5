/** Lets viewers finish before their gateway is restarted. */
import { setTimeout } from 'node:timers/promises';
import { AdminApi } from './admin.ts';
import { readGateway } from './viewers.ts';

/** Between two looks, in milliseconds. */
const pause = 1000;

/**
 * Has the gateway take no new sessions, and waits until nobody watches any more, at most `patience` milliseconds. Who
 * is turned away meanwhile tries again by itself. A gateway that does not answer has nobody to wait for. When this
 * process is told to end while it waits, the gateway takes sessions again.
 * @param progress is told whenever the number of those who watch changes
 * @returns how many are interrupted
 */
export async function drain(
  container: string,
  patience: number,
  progress: (watching: number) => void,
): Promise<number> {
  const api = await AdminApi.open(container).catch(() => undefined);
  if (api === undefined) return 0;
  const accept = (accept: boolean) => api.ask([{ janus: 'accept_new_sessions', accept }]);
  const stopped = new AbortController();
  const stop = (signal: NodeJS.Signals) => stopped.abort(signal);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    await accept(false);
    const end = Date.now() + patience;
    for (let told = -1; ; await setTimeout(pause, undefined, { signal: stopped.signal })) {
      const watching = (await readGateway(api)).viewers.filter(({ state }) => state !== 'ready').length;
      if (watching !== told) progress(watching);
      told = watching;
      if (watching === 0 || Date.now() >= end) return watching;
    }
  } catch (error) {
    await accept(true).catch(() => undefined);
    throw error;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/**
 * Minutes that the options `--drain MINUTES` and `--now` ask for; undefined when neither is given.
 * @throws Error that says what is accepted
 */
export function drainMinutes({ drain, now }: { drain?: string; now?: boolean }): number | undefined {
  if (now && drain !== undefined) throw new Error('--drain and --now exclude each other; say one of them.');
  if (now) return 0;
  if (drain === undefined) return undefined;
  const minutes = Number(drain);
  if (drain.trim() !== '' && minutes >= 0 && minutes <= 1440) return minutes;
  throw new Error(`--drain is ${JSON.stringify(drain)}; accepted: minutes from 0 to 1440 (a day).`);
}
