/** Lines of the services' logs, brought into one format. */

/** From the gravest on. */
export const levels = ['error', 'warning', 'info'] as const;
export type Level = (typeof levels)[number];

export interface LogLine {
  service: string;
  /** As the engine stamped it: ISO 8601, in UTC. */
  time: string;
  level: Level;
  text: string;
}

/**
 * What Janus, nginx, coturn, Prometheus and Grafana mark lines with, and nginx's answers that are errors; and what
 * repeats the engine's stamp.
 */
const marks: [Level, RegExp][] = [
  ['error', /\[(FATL|ERR)\]|\[(emerg|alert|crit|error)\]|\bERROR\b|\blevel=(error|crit)\b|" 5\d\d /],
  ['warning', /\[WARN\]|\[warn\]|\bWARNING\b|\blevel=warn\b/],
];
const stamp = /^(\[\w{3} \w{3} +\d+ [\d:]+ \d{4}\]|\d{4}\/\d\d\/\d\d [\d:]+|\d+: :|ts=\S+) */;

/** A line as `docker logs --timestamps` prints it; undefined for an empty one. */
export function parseLine(service: string, line: string): LogLine | undefined {
  const [, time, said] = /^(\S+) (.*)$/.exec(line) ?? [];
  const text = said?.replace(stamp, '').trim();
  if (!time || !text) return undefined;
  const level = marks.find(([, mark]) => mark.test(text))?.[0] ?? 'info';
  return { service, time, level, text };
}

/** Whether a line is as grave as `least`, or graver. */
export const isAtLeast = ({ level }: LogLine, least: Level): boolean =>
  levels.indexOf(level) <= levels.indexOf(least);

/** A viewer, by the id of the handle, and of the session where it is known. */
export interface ViewerIds {
  handle: string;
  session?: string;
}

/** Whether a line is about a viewer: Janus, its play plugin and the web server name the handle in each that is. */
export function isAbout({ text }: LogLine, { handle, session }: ViewerIds): boolean {
  const numbers: string[] = text.match(/\b\d+\b/g) ?? [];
  return numbers.includes(handle) || (session !== undefined && numbers.includes(session));
}

/** The session in which Janus says that it has made a handle. */
export const sessionOf = ({ text }: LogLine, handle: string): string | undefined =>
  new RegExp(`Creating new handle in session (\\d+): ${handle};`).exec(text)?.[1];
