import type { Channel } from './channel.ts';
import { within } from './deadline.ts';
import { Emitter } from './emitter.ts';
import { type ErrorCode, PlayError } from './errors.ts';
import { type EventName, type PluginMessage, type Probe, parseError, parseProbe } from './protocol.ts';

export type PlaybackState = 'ready' | 'going' | 'paused';

export interface PlaybackEvents {
  state: { state: PlaybackState; previous: PlaybackState; file: string | undefined };
  /** The file played to its end. */
  ended: { file: string | undefined };
}

/** The state each event of the plugin leads to; it alone decides, so that what is shown is what happens. */
const leadsTo: Partial<Record<string, PlaybackState>> = {
  'launch.play': 'going',
  'resume.play': 'going',
  'pause.play': 'paused',
  'exit.play': 'ready',
};

/** Plays files over a channel whose WebRTC is up. Commands run one after another. */
export class Playback extends Emitter<PlaybackEvents> {
  readonly #channel: Channel;
  readonly #timeout: number;
  readonly #off: (() => void)[];
  #state: PlaybackState = 'ready';
  #file: string | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #stopping = false;
  /** Seconds played before the clock was last started, and when that was. */
  #played = 0;
  #since = 0;

  /** `timeout`: longest wait for an answer of the plugin, in ms. */
  constructor(channel: Channel, timeout = 10_000) {
    super();
    this.#channel = channel;
    this.#timeout = timeout;
    this.#off = [
      channel.on('message', (message) => this.#follow(message)),
      channel.on('state', ({ state }) => state === 'webrtcUp' || this.#go('ready')),
    ];
  }

  get state(): PlaybackState {
    return this.#state;
  }

  /** The file that is going or paused. */
  get file(): string | undefined {
    return this.#file;
  }

  /** Seconds played of the file, by the clock of this page. */
  get position(): number {
    return this.#state === 'going' ? this.#played + (performance.now() - this.#since) / 1000 : this.#played;
  }

  /** What the server says of a file, and whether it can be played. */
  async probe(file: string): Promise<Probe> {
    return parseProbe(await this.#channel.request({ request: 'probe.file', file }));
  }

  /** Plays a file from its beginning; stops another one first. */
  play(file: string): Promise<void> {
    return this.#command(async () => {
      if (this.#state !== 'ready') await this.#stop();
      this.#file = file;
      try {
        await this.#ask(toggle(file), 'launch.play');
      } finally {
        if (this.#state === 'ready') this.#file = undefined;
      }
    });
  }

  /** Holds the picture. Nothing to do unless a file is going. */
  pause(): Promise<void> {
    return this.#command(async () => {
      if (this.#state === 'going') await this.#toggle('pause.play');
    });
  }

  /** Goes on after a pause. Nothing to do unless paused. */
  resume(): Promise<void> {
    return this.#command(async () => {
      if (this.#state === 'paused') await this.#toggle('resume.play');
    });
  }

  /** Ends the file. Nothing to do when ready. */
  stop(): Promise<void> {
    return this.#command(async () => {
      if (this.#state !== 'ready') await this.#stop();
    });
  }

  /** Ends listening to the channel. */
  dispose(): void {
    for (const off of this.#off) off();
    this.clear();
  }

  #command(work: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }

  async #toggle(expected: EventName): Promise<void> {
    const event = await this.#ask(toggle(this.#file), expected, 'launch.play');
    // The file ended just before the request came, which then began it anew.
    if (event !== expected) await this.#stop();
  }

  async #stop(): Promise<void> {
    this.#stopping = true;
    try {
      await this.#ask({ request: 'stop.play' }, 'exit.play');
    } finally {
      this.#stopping = false;
    }
  }

  /** Sends a request and waits for one of the events that answer it. */
  #ask(body: object, ...expected: EventName[]): Promise<string | undefined> {
    return within(this.#timeout, 'no-answer', this.#channel.signal, async (limit) => {
      const answer = this.#channel.next(
        'message',
        limit,
        ({ event, error }) => error !== undefined || expected.includes(event as EventName),
      );
      // The event may come before the request returns, and never comes if that is refused.
      const [message] = await Promise.all([answer, this.#channel.request(body).then(refuse)]);
      if (message.error) throw playError(message.error);
      return message.event;
    });
  }

  #follow({ event = '' }: PluginMessage): void {
    const state = leadsTo[event];
    if (!state) return;
    const file = this.#file;
    const ended = event === 'exit.play' && this.#state !== 'ready' && !this.#stopping;
    if (event === 'launch.play') this.#played = 0;
    this.#go(state);
    if (ended) this.emit('ended', { file });
  }

  #go(state: PlaybackState): void {
    const previous = this.#state;
    if (state === previous) return;
    this.#played = this.position;
    this.#since = performance.now();
    this.#state = state;
    if (state === 'ready') this.#file = undefined;
    this.emit('state', { state, previous, file: this.#file });
  }
}

/** One request starts, pauses and resumes. */
const toggle = (file: string | undefined) => ({ request: 'ctrl.play', file });

function refuse(reply: unknown): void {
  const error = parseError(reply);
  if (error) throw playError(error);
}

const pluginErrors: Record<number, ErrorCode> = { 404: 'no-such-file', 462: 'wrong-state' };

function playError({ code, reason }: NonNullable<PluginMessage['error']>): PlayError {
  return new PlayError(pluginErrors[code] ?? 'cannot-play', reason);
}
