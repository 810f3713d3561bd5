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

/** What Janus, nginx and coturn mark lines with; and what repeats the engine's stamp. */
const marks: [Level, RegExp][] = [
  ['error', /\[(FATL|ERR)\]|\[(emerg|alert|crit|error)\]|\bERROR\b/],
  ['warning', /\[WARN\]|\[warn\]|\bWARNING\b/],
];
const stamp = /^(\[\w{3} \w{3} +\d+ [\d:]+ \d{4}\]|\d{4}\/\d\d\/\d\d [\d:]+|\d+: :) */;

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
