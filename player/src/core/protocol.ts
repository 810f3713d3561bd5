/** The play plugin's words, read at one place and defensively: a server may be older or newer than this page. */

export type EventName = 'create.offer' | 'launch.play' | 'pause.play' | 'resume.play' | 'exit.play';

/** What the plugin says of its own accord: an event, or an error. */
export interface PluginMessage {
  event?: EventName | (string & {});
  /** Present where the plugin reports an error instead. */
  error?: { code: number; reason: string };
}

/** What the server says of a file; the duration is in seconds. */
export type Probe =
  | { playable: true; streams: number; duration?: number }
  | { playable: false; found: boolean; reason: string };

type Fields = Record<string, unknown>;

const read = (data: unknown): Fields => (typeof data === 'object' && data !== null ? { ...data } : {});
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number | undefined =>
  typeof value === 'number' && value > 0 ? value : undefined;

export function parseMessage(data: unknown): PluginMessage {
  const error = parseError(data);
  return error ? { error } : { event: text(read(data).tms_play_event) };
}

/** The error in an answer or an event, if it is one. */
export function parseError(data: unknown): PluginMessage['error'] {
  const { code, error_code, reason, error } = read(data);
  const status = number(code) ?? number(error_code);
  return status ? { code: status, reason: text(reason) || text(error) } : undefined;
}

/** The answer to `probe.file`, whose duration is in microseconds. */
export function parseProbe(data: unknown): Probe {
  const error = parseError(data);
  if (error) return { playable: false, found: error.code !== 404, reason: error.reason };
  const { streams, duration = 0 } = read(data);
  return { playable: true, streams: number(streams) ?? 0, duration: number(Number(duration) / 1e6) };
}
