/** How long before they expire (ms) credentials are replaced, which is also the least time between two requests. */
const ahead = 60_000;

/**
 * For how long (ms) to keep these servers before asking for new ones; undefined if their credentials do not expire.
 * Time-limited user names begin with the second of their end, as is the convention of TURN servers.
 */
export function freshFor(servers: readonly RTCIceServer[], now = Date.now()): number | undefined {
  const ends = servers.flatMap(({ username = '' }) => /^(\d{9,11})(?::|$)/.exec(username)?.[1] ?? []);
  if (ends.length === 0) return undefined;
  const left = Math.min(...ends.map(Number)) * 1000 - now;
  // A clock that is wrong must not make it ask without a pause, nor for a time that no timer takes.
  return Math.min(Math.max(left - ahead, ahead), 24 * 3_600_000);
}
