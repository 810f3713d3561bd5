/** The play plugin's words, read once and defensively: a server may be older or newer than this page. */

export type EventName = 'create.offer' | 'launch.play' | 'pause.play' | 'resume.play' | 'exit.play';

/** What the plugin says of its own accord: an event, or an error. */
export interface PluginMessage {
  event?: EventName | (string & {});
  /** Present where the plugin reports an error instead. */
  error?: { code: number; reason: string };
}

/** One stream of a file. */
export interface StreamInfo {
  kind: 'video' | 'audio' | 'other';
  codec: string;
  width?: number;
  height?: number;
  frameRate?: number;
  sampleRate?: number;
  channels?: number;
}

/** What the server says of a file: `count` streams, and what they are where it tells; the duration in seconds. */
export type Probe =
  | { playable: true; count: number; streams: StreamInfo[]; duration?: number }
  | { playable: false; found: boolean; reason: string };

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const text = (...values: unknown[]): string => String(values.find((v) => typeof v === 'string' && v) ?? '');
const number = (...values: unknown[]): number | undefined =>
  values.map(Number).find((value, i) => values[i] !== null && value > 0 && Number.isFinite(value));

export function parseMessage(data: unknown): PluginMessage {
  const fields = isFields(data) ? data : {};
  const error = parseError(fields);
  return error ? { error } : { event: text(fields.tms_play_event) };
}

/** The error in an answer or an event, if it is one. */
export function parseError(data: unknown): PluginMessage['error'] {
  if (!isFields(data)) return undefined;
  const code = number(data.code, data.error_code);
  return code ? { code, reason: text(data.reason, data.error, data.path) } : undefined;
}

/** The answer to `probe.file`; its duration is in microseconds, ours in seconds. */
export function parseProbe(data: unknown): Probe {
  const error = parseError(data);
  if (error)
    return { playable: false, found: error.code !== 404, reason: error.code === 404 ? '' : error.reason };
  const fields = isFields(data) ? data : {};
  const streams = parseStreams(fields.streams);
  const duration = number(fields.duration);
  return {
    playable: true,
    count: number(fields.streams) ?? streams.length,
    streams,
    duration: duration && duration / 1e6,
  };
}

/** A list of streams, or each under the name of its kind; a mere count tells nothing of them. */
function parseStreams(streams: unknown): StreamInfo[] {
  if (Array.isArray(streams)) return streams.filter(isFields).map((stream) => parseStream(stream));
  if (!isFields(streams)) return [];
  return Object.entries(streams).flatMap(([kind, stream]) =>
    isFields(stream)
      ? [parseStream({ kind, ...stream })]
      : typeof stream === 'string'
        ? [parseStream({ kind, codec: stream })]
        : [],
  );
}

function parseStream(stream: Fields): StreamInfo {
  const kind = text(stream.kind, stream.type, stream.codec_type, stream.media).toLowerCase();
  return {
    kind: kind === 'video' || kind === 'audio' ? kind : 'other',
    codec: text(stream.codec, stream.codec_name, stream.name),
    width: number(stream.width),
    height: number(stream.height),
    frameRate: number(stream.frame_rate, stream.fps, stream.framerate),
    sampleRate: number(stream.sample_rate, stream.rate, stream.samplerate),
    channels: number(stream.channels),
  };
}
