import type { Channel } from './channel.ts';
import { within } from './deadline.ts';
import { Emitter } from './emitter.ts';
import { type ErrorCode, PlayError } from './errors.ts';
import { Machine, type Transition } from './machine.ts';
import {
  type Ended,
  type Listing,
  type PluginError,
  type PluginMessage,
  type Probe,
  parseEnded,
  parseError,
  parseItem,
  parseListing,
  parseProbe,
  parseSeek,
  parseSkipped,
  parseStatus,
  type Seek,
  type Skipped,
  type Status,
} from './protocol.ts';

/** Which state may follow which. */
export const playbackTransitions = {
  ready: ['going', 'paused'],
  going: ['paused', 'ready'],
  paused: ['going', 'ready'],
} as const;

export type PlaybackState = keyof typeof playbackTransitions;

export interface PlaybackEvents {
  state: Transition<typeof playbackTransitions> & { file: string | undefined };
  /** Anything of the status is known anew: position, duration, loop, file, place in the playlist. */
  status: Status;
  /** Another position was asked for, in seconds; `seeked` follows, unless the server refuses. */
  seeking: { position: number };
  seeked: Seek;
  /** The file played to its end, or could not be read on: then with the server's sentence. */
  ended: { file: string | undefined; error?: PlayError };
  /** A playlist went on to its next file. */
  item: { file: string; item: number };
  /** A file of a playlist cannot be played and was passed over. */
  skipped: Skipped;
  /** The connection was lost while this played. `keepPlaying` plays it on. */
  interrupted: Playing;
}

/** The status of what is going or paused. */
export type Playing = Exclude<Status, { state: 'ready' }>;

export interface PlayOptions {
  /** Where to begin, in seconds. */
  start?: number;
  /** Begin anew at the end; of a playlist, at the end of its last file. */
  loop?: boolean;
  /** Which file of a playlist to begin with, counted from 0. */
  item?: number;
  /** Which of several sounds of a film to play, counted from 0; the first that can be played without it. */
  sound?: number;
}

export interface PlaybackOptions {
  /** Longest wait for an answer of the plugin, in ms. */
  timeout?: number;
  /** How often the server tells the position, in ms, from 100 to 60000. */
  reportInterval?: number;
}

/**
 * How long after an answer, in ms, an event may still be one that was under way before it: events come by another
 * road, which is slower.
 */
const settling = 400;

/**
 * Plays files over a channel whose WebRTC is up. What it says is what the server said last, with the time since
 * then added to the position. Commands run one after another, and each settles within the timeout.
 */
export class Playback extends Emitter<PlaybackEvents> {
  readonly #channel: Channel;
  readonly #timeout: number;
  readonly #reportInterval: number;
  readonly #off: (() => void)[];
  readonly #machine = new Machine(playbackTransitions, 'ready');
  #status: Status = { state: 'ready', loop: false };
  /** When the status was true, by `performance.now()`. */
  #since = 0;
  /** The server tells the position by itself. */
  #reported = false;
  /** When a command was answered last. */
  #answered = Number.NEGATIVE_INFINITY;
  #queue: Promise<unknown> = Promise.resolve();
  #stopping = false;

  constructor(channel: Channel, { timeout = 10_000, reportInterval = 1000 }: PlaybackOptions = {}) {
    super();
    this.#channel = channel;
    this.#timeout = timeout;
    this.#reportInterval = reportInterval;
    this.#off = [
      channel.on('message', (message) => this.#follow(message)),
      channel.on('state', ({ state }) => {
        if (state === 'webrtcUp') this.#report();
        if (state === 'failed') this.#interrupt();
        if (state === 'closed') this.#apply({ state: 'ready', loop: false });
      }),
    ];
    if (channel.state === 'webrtcUp') this.#report();
  }

  get state(): PlaybackState {
    return this.#machine.state;
  }

  /** What plays, as of now. */
  get status(): Status {
    const status = this.#status;
    return status.state === 'ready' ? status : { ...status, position: this.position };
  }

  /** The file that is going or paused. */
  get file(): string | undefined {
    return this.#status.state === 'ready' ? undefined : this.#status.file;
  }

  /** Length of that file, in seconds. */
  get duration(): number | undefined {
    return this.#status.state === 'ready' ? undefined : this.#status.duration;
  }

  get loop(): boolean {
    return this.#status.loop;
  }

  /** Where it is, in seconds: what the server said last, and the time since then. */
  get position(): number {
    const status = this.#status;
    if (status.state === 'ready') return 0;
    const { state, position, duration, loop, playlist } = status;
    const now = state === 'going' ? position + this.#elapsed / 1000 : position;
    if (!duration || now <= duration) return now;
    return loop && !playlist ? now % duration : duration;
  }

  /** Since the status was true, in ms. Where reports stay away, the picture stands still before long. */
  get #elapsed(): number {
    const elapsed = performance.now() - this.#since;
    return this.#reported ? Math.min(elapsed, 2 * this.#reportInterval) : elapsed;
  }

  /** What the server says of a file, and whether it can be played. */
  async probe(file: string): Promise<Probe> {
    return parseProbe(await this.#channel.request({ request: 'probe.file', file }));
  }

  /**
   * The files of a folder in natural order, with their durations and why one cannot be played.
   * @throws PlayError `no-such-file` when there is no such folder.
   */
  async list(folder = '', { offset, limit }: { offset?: number; limit?: number } = {}): Promise<Listing> {
    const body = { request: 'list.files', ...(folder && { folder }), offset, limit };
    return parseListing(accepted(await this.#channel.request(body)));
  }

  /** Plays a file, or a playlist one after another; what plays gives way to it in the same connection. */
  play(
    what: string | readonly string[],
    { start = 0, loop = false, item, sound }: PlayOptions = {},
  ): Promise<void> {
    const files = typeof what === 'string' ? { file: what } : { playlist: what, item };
    return this.#command(async () => {
      await this.#ask({ request: 'ctrl.play', ...files, start: milliseconds(start), loop, sound });
    });
  }

  /** Holds the picture. Nothing to do unless something is going. */
  pause(): Promise<void> {
    return this.#command(async () => {
      if (this.state === 'going') await this.#ask({ request: 'ctrl.pause' });
    });
  }

  /** Goes on after a pause. Nothing to do unless paused. */
  resume(): Promise<void> {
    return this.#command(async () => {
      if (this.state === 'paused') await this.#ask({ request: 'ctrl.resume' });
    });
  }

  /**
   * Goes to a position, in seconds: to the key frame before it, or with `accurate` to the very picture, where that
   * does not take more data than the server sends at once.
   * @throws PlayError `wrong-state` when nothing plays.
   */
  seek(position: number, { accurate = false }: { accurate?: boolean } = {}): Promise<Seek> {
    return this.#command(async () => {
      if (this.state === 'ready') throw new PlayError('wrong-state', 'nothing plays that could be sought in');
      this.emit('seeking', { position });
      const body = { request: 'ctrl.seek', position: milliseconds(position), ...(accurate && { accurate }) };
      const seek = parseSeek(await this.#ask(body));
      this.emit('seeked', seek);
      return seek;
    });
  }

  /** Whether to begin anew at the end. */
  setLoop(loop: boolean): Promise<void> {
    return this.#command(async () => {
      await this.#ask({ request: 'ctrl.loop', loop });
    });
  }

  /**
   * Has another of the film's sounds heard from now on, counted from 0.
   * @throws PlayError `cannot-play` when there is no such sound, `wrong-state` when nothing plays.
   */
  setSound(sound: number): Promise<void> {
    return this.#command(async () => {
      await this.#ask({ request: 'ctrl.sound', sound });
    });
  }

  /** Ends what plays. Nothing to do when ready. */
  stop(): Promise<void> {
    return this.#command(async () => {
      if (this.state === 'ready') return;
      this.#stopping = true;
      try {
        await within(this.#timeout, 'no-answer', this.#channel.signal, async (limit) => {
          const over = this.next('state', limit, ({ state }) => state === 'ready');
          await Promise.all([over, this.#channel.request({ request: 'stop.play' }).then(accepted)]);
        });
      } finally {
        this.#stopping = false;
      }
    });
  }

  /** Ends listening to the channel; no listener is called after this. */
  dispose(): void {
    for (const off of this.#off) off();
    this.clear();
  }

  #command<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }

  /** Sends a request whose answer tells the status. */
  async #ask(body: object): Promise<unknown> {
    const reply = accepted(await this.#channel.request(body));
    const status = parseStatus(reply);
    if (!status) throw new PlayError('refused', 'the server’s play plugin is older than this player');
    this.#answered = performance.now();
    this.#apply(status);
    return reply;
  }

  /** Asks to be told the position from now on. Without it the page's clock has to do. */
  #report(): void {
    void this.#channel
      .request({ request: 'report.position', interval: this.#reportInterval })
      .catch(() => {});
  }

  #follow({ event, data }: PluginMessage): void {
    const fresh = performance.now() - this.#answered > settling;
    switch (event) {
      case 'position': {
        const status = parseStatus(data);
        this.#reported = true;
        if (fresh && status) this.#apply(status);
        break;
      }
      case 'play.item': {
        const status = this.#status;
        const { file, item } = parseItem(data);
        if (status.state !== 'ready') {
          const unknown = { position: 0, duration: 0, sounds: undefined, sound: undefined };
          this.#apply({ ...status, file, item, ...unknown });
        }
        this.emit('item', { file, item });
        break;
      }
      case 'play.skipped':
        this.emit('skipped', parseSkipped(data));
        break;
      case 'play.ended':
        this.#end(parseEnded(data));
        break;
      case 'exit.play':
        if (fresh || this.#stopping) this.#apply({ state: 'ready', loop: false });
        // It may be the end of what the last command replaced.
        else void this.#ask({ request: 'get.status' }).catch(() => {});
        break;
    }
  }

  #end({ file, reason, message }: Ended): void {
    const error = reason === 'error' ? new PlayError('cannot-play', message) : undefined;
    this.emit('ended', { file, error });
  }

  /** The channel failed: what played is over here, and may be played on over the next connection. */
  #interrupt(): void {
    const { status } = this;
    this.#apply({ state: 'ready', loop: false });
    if (status.state !== 'ready') this.emit('interrupted', status);
  }

  #apply(status: Status): void {
    this.#status = status;
    this.#since = performance.now();
    const { state } = status;
    if (state !== this.state) {
      const transition = this.#go(state);
      this.emit('state', { ...transition, file: this.file });
    }
    this.emit('status', status);
  }

  #go(state: PlaybackState): Transition<typeof playbackTransitions> {
    switch (state) {
      case 'ready':
        return this.#machine.go(['going', 'paused'], state);
      case 'going':
        return this.#machine.go(['ready', 'paused'], state);
      case 'paused':
        return this.#machine.go(['ready', 'going'], state);
    }
  }
}

const milliseconds = (seconds: number): number => Math.max(0, Math.round(seconds * 1000));

/** The reply itself, unless it refuses. */
function accepted(reply: unknown): unknown {
  const error = parseError(reply);
  if (error) throw playError(error);
  return reply;
}

const pluginErrors: Record<number, ErrorCode> = {
  403: 'not-allowed',
  404: 'no-such-file',
  409: 'wrong-state',
  462: 'wrong-state',
  429: 'server-full',
};

function playError({ code, reason }: PluginError): PlayError {
  return new PlayError(pluginErrors[code] ?? 'cannot-play', reason);
}
