/** Lets viewers finish before their gateway is restarted. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { AdminApi } from './admin.ts';
import { drainVariables } from './drain-variables.ts';
import type { Stack } from './stack.ts';
import { Failure } from './steps.ts';
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
  const stopped = new AbortController();
  const stop = (signal: NodeJS.Signals) => stopped.abort(signal);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    await acceptSessions(api, false);
    const end = Date.now() + patience;
    for (let told = -1; ; await setTimeout(pause, undefined, { signal: stopped.signal })) {
      const watching = (await readGateway(api)).viewers.filter(({ state }) => state !== 'ready').length;
      if (watching !== told) progress(watching);
      told = watching;
      if (watching === 0 || Date.now() >= end) return watching;
    }
  } catch (error) {
    await acceptSessions(api, true).catch(() => undefined);
    throw error;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** For people: how many are still waited for. */
export const tellWatching = (watching: number) =>
  console.log(`  ${watching} still watch${watching === 1 ? 'es' : ''}`);

const acceptSessions = (api: AdminApi, accept: boolean) =>
  api.ask([{ janus: 'accept_new_sessions', accept }]);

/**
 * Deploys with a step of draining, should the gateway be replaced. A gateway that is not replaced in the end takes
 * sessions again.
 * @param minutes at most, until those who still watch are interrupted; 0 waits for nobody
 * @param progress is told how many still watch
 */
export async function deployDraining(
  stack: Stack,
  minutes: number,
  progress: (watching: number) => void,
  deploy: (stack: Stack) => Promise<string>,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'janus-deploy-drain-'));
  const log = join(folder, 'watching');
  writeFileSync(log, '');
  let told = 0;
  const tell = () => {
    const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
    for (const line of lines.slice(told)) progress(Number(line));
    told = lines.length;
  };
  const timer = setInterval(tell, pause / 2);
  const variables = { [drainVariables.minutes]: String(minutes), [drainVariables.log]: log };
  try {
    return await deploy({ ...stack, environment: { ...stack.environment, ...variables } });
  } catch (error) {
    if (told > 0) {
      const gateway = await AdminApi.open(`janus-deploy-${stack.name}-gateway`).catch(() => undefined);
      if (gateway) await acceptSessions(gateway, true).catch(() => undefined);
    }
    throw error;
  } finally {
    clearInterval(timer);
    rmSync(folder, { recursive: true });
  }
}

/**
 * Minutes that the options `--drain MINUTES` and `--now` ask for; undefined when neither is given.
 * @throws Failure that says what is accepted
 */
export function drainMinutes({ drain, now }: { drain?: string; now?: boolean }): number | undefined {
  if (now && drain !== undefined) throw new Failure('--drain and --now exclude each other; say one of them.');
  if (now) return 0;
  if (drain === undefined) return undefined;
  const minutes = Number(drain);
  if (drain.trim() !== '' && minutes >= 0 && minutes <= 1440) return minutes;
  throw new Failure(`--drain is ${JSON.stringify(drain)}; accepted: minutes from 0 to 1440 (a day).`);
}
