/** Compares this machine's clock with a server's. */
import { $ } from './command.ts';
import type { ClockFacts } from './doctor/clock.ts';

/** ms in which a server that can be reached answers. */
const patience = 3000;

/** Asks the server that this project's packages come from, as any that is reached tells the time. */
export async function readNetworkClock(): Promise<ClockFacts['network']> {
  const configured = await $({ quiet: true, nothrow: true })`npm config get registry`;
  const url = configured.stdout.trim();
  if (!URL.canParse(url)) return undefined;
  const asked = Date.now();
  const answer = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(patience) }).catch(
    () => undefined,
  );
  const date = answer?.headers.get('date');
  if (!date) return undefined;
  // The answer tells whole seconds, of a moment between question and answer.
  const middle = (asked + Date.now()) / 2;
  return { server: new URL(url).host, ahead: (middle - Date.parse(date) - 500) / 1000 };
}
