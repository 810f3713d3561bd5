/** The play plugin's words, read at one place and defensively: a server may be older or newer than this page. */

/** What the plugin says of its own accord: an event, or an error. */
export interface PluginMessage {
  /** Name of the event; empty for what is none. */
  event?: string;
  /** Present where the plugin reports an error instead. */
  error?: PluginError;
  /** The event's other fields, to be read by one of the functions below. */
  data?: unknown;
}

/** What the plugin refuses: an HTTP-like code, and a sentence for people. */
export interface PluginError {
  code: number;
  reason: string;
}

/** What the server plays to this viewer; times in seconds. */
export type Status =
  | { state: 'ready'; loop: boolean }
  | {
      state: 'going' | 'paused';
      file: string;
      position: number;
      duration: number;
      /** Whether it begins anew at its end. */
      loop: boolean;
      /** The names of a playlist, and which of them plays. */
      playlist?: string[];
      item?: number;
      /** The sounds of a film that has several, and which of them is heard. */
      sounds?: SoundTrack[];
      sound?: number;
    };

/** One of several sounds of a film. */
export interface SoundTrack {
  /** Three letters of ISO 639-2, as `eng`, where the film tells it. */
  language?: string;
  /** Its codec is one that can be played. */
  playable: boolean;
}

/** Where a seek has led; positions in seconds. */
export interface Seek {
  /** The position asked for, within the file. */
  requested: number;
  /** Where the picture is now. */
  position: number;
  /** The key frame at or before `requested`: where it is unless the seek was accurate. */
  keyFrame: number;
  /** Whether the picture is exactly the one asked for. */
  accurate: boolean;
  /** Bytes that an accurate seek sent at once, or would have had to. */
  burst?: number;
}

/** What the server says of a file; the duration is in seconds. */
export type Probe =
  | { playable: true; streams: number; duration?: number }
  | { playable: false; found: boolean; reason: string };

/** A folder of the media folder. */
export interface Listing {
  /** Its name relative to the media folder; empty for that itself. */
  folder: string;
  /** Names of the folders in it. */
  folders: string[];
  /** How many files there are, of which `files` may be a part. */
  total: number;
  files: ListedFile[];
}

/** A file of a listing; the duration is in seconds, the size in bytes. */
export interface ListedFile {
  /** Its name relative to the media folder. */
  name: string;
  kind: 'video' | 'audio';
  size?: number;
  duration?: number;
  playable: boolean;
  /** Why it cannot be played, a sentence of the server's. */
  reason?: string;
}

/** A file of a playlist that was passed over, and why: a sentence of the server's. */
export interface Skipped {
  file: string;
  /** Its place in the playlist, counted from 0. */
  item: number;
  reason: string;
}

/** How a play ended. */
export interface Ended {
  file?: string;
  reason: 'end' | 'error';
  message: string;
}

type Fields = Record<string, unknown>;

const read = (data: unknown): Fields => (typeof data === 'object' && data !== null ? { ...data } : {});
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const optionalText = (value: unknown): string | undefined => text(value) || undefined;
const number = (value: unknown): number | undefined =>
  typeof value === 'number' && value > 0 ? value : undefined;
const seconds = (milliseconds: unknown): number => (number(milliseconds) ?? 0) / 1000;
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const names = (value: unknown): string[] => list(value).map(text).filter(Boolean);
/** An index counts from 0. */
const index = (value: unknown): number | undefined =>
  typeof value === 'number' && value >= 0 ? value : undefined;

export function parseMessage(data: unknown): PluginMessage {
  const error = parseError(data);
  return error ? { error } : { event: text(read(data).tms_play_event), data };
}

/** The error in an answer or an event, if it is one. */
export function parseError(data: unknown): PluginError | undefined {
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

/** The status in an answer or an event; undefined where there is none. */
export function parseStatus(data: unknown): Status | undefined {
  const { state, file, position, duration, loop, playlist, item, sounds, sound } = read(data);
  if (state === 'ready') return { state, loop: loop === true };
  if (state !== 'going' && state !== 'paused') return undefined;
  return {
    state,
    file: text(file),
    position: seconds(position),
    duration: seconds(duration),
    loop: loop === true,
    ...(Array.isArray(playlist) && { playlist: names(playlist), item: index(item) ?? 0 }),
    ...(Array.isArray(sounds) && { sounds: sounds.map(parseSound), sound: index(sound) ?? 0 }),
  };
}

function parseSound(data: unknown): SoundTrack {
  const { language, playable } = read(data);
  return { language: optionalText(language), playable: playable !== false };
}

/** The answer to `ctrl.seek`. */
export function parseSeek(data: unknown): Seek {
  const { requested, position, key_frame, accurate, burst } = read(data);
  return {
    requested: seconds(requested),
    position: seconds(position),
    keyFrame: seconds(key_frame),
    // Only one that was asked to be accurate and could not be says so.
    accurate: accurate === undefined ? position === requested : accurate === true,
    burst: number(burst),
  };
}

/** The answer to `list.files`. */
export function parseListing(data: unknown): Listing {
  const { folder, folders, total, files } = read(data);
  const listed = list(files).map(parseFile);
  return {
    folder: text(folder),
    folders: names(folders),
    total: number(total) ?? listed.length,
    files: listed.filter(({ name }) => name !== ''),
  };
}

function parseFile(data: unknown): ListedFile {
  const { name, kind, size, duration, playable, reason } = read(data);
  return {
    name: text(name),
    kind: kind === 'audio' ? 'audio' : 'video',
    size: number(size),
    duration: number(duration) && seconds(duration),
    playable: playable !== false,
    reason: optionalText(reason),
  };
}

/** The event `play.ended`. */
export function parseEnded(data: unknown): Ended {
  const { file, reason, message } = read(data);
  return { file: optionalText(file), reason: reason === 'error' ? 'error' : 'end', message: text(message) };
}

/** The event `play.skipped`. */
export function parseSkipped(data: unknown): Skipped {
  const { file, item, message } = read(data);
  return { file: text(file), item: index(item) ?? 0, reason: text(message) };
}

/** The event `play.item`. */
export function parseItem(data: unknown): { file: string; item: number } {
  const { file, item } = read(data);
  return { file: text(file), item: index(item) ?? 0 };
}
