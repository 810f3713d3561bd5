import { sleep, within } from './deadline.ts';
import { Emitter } from './emitter.ts';
import { type ErrorCode, PlayError } from './errors.ts';
import type { Description, Gateway, Handle, Session } from './gateway.ts';
import { freshFor } from './ice-servers.ts';
import { Machine, type Transition } from './machine.ts';
import { type PluginMessage, parseMessage } from './protocol.ts';

const plugin = 'janus.plugin.tms.play';

/** Which state may follow which. */
export const channelTransitions = {
  initialized: ['connected', 'failed', 'closed'],
  connected: ['attached', 'failed', 'closed'],
  attached: ['webrtcUp', 'failed', 'closed'],
  webrtcUp: ['failed', 'closed'],
  failed: ['initialized', 'closed'],
  closed: ['initialized'],
} as const;

export type ChannelState = keyof typeof channelTransitions;

export interface ChannelEvents {
  /** `error` is there when the state is `failed` or `closed`. */
  state: Transition<typeof channelTransitions> & { error?: PlayError };
  /** What the plugin says of its own accord, and when it answers later. */
  message: PluginMessage;
  /** The received media: one stream for as long as the PeerConnection lives. */
  stream: MediaStream | undefined;
}

export interface ChannelOptions {
  gateway: Gateway;
  /** Full URL of the Janus REST API. */
  server: string;
  /** Asked for every connection, and again before the credentials of the last answer expire. */
  iceServers?: (signal: AbortSignal) => Promise<RTCIceServer[]>;
  /** Shown to the server with every request, where it lets in those alone who have one. */
  token?: string;
  /** 'relay' sends all media through TURN. */
  iceTransportPolicy?: RTCIceTransportPolicy;
  /** Longest wait for an answer of the server, and for media to find its way, in ms. */
  timeouts?: Partial<Timeouts>;
}

export interface Timeouts {
  request: number;
  media: number;
}

interface Link {
  up: true;
  offer: Description;
}

/**
 * The way to the play plugin: a session, a handle, a PeerConnection.
 * Every promise settles within the timeouts; after `close()` nothing runs.
 */
export class Channel extends Emitter<ChannelEvents> {
  readonly #options: ChannelOptions;
  readonly #timeouts: Timeouts;
  readonly #link = new Emitter<Link>();
  readonly #machine = new Machine(channelTransitions, 'initialized');
  /** Aborted, with the reason, when this connection ends: all that waits for it settles. */
  #life = new AbortController();
  /** Of the present connection, for as long as it lives. */
  #attaching: Promise<void> | undefined;
  #opening: Promise<void> | undefined;
  #session: Session | undefined;
  #handle: Handle | undefined;
  #stream: MediaStream | undefined;

  constructor(options: ChannelOptions) {
    super();
    this.#options = options;
    this.#timeouts = { request: 10_000, media: 10_000, ...options.timeouts };
  }

  get state(): ChannelState {
    return this.#machine.state;
  }

  get stream(): MediaStream | undefined {
    return this.#stream;
  }

  get peerConnection(): RTCPeerConnection | undefined {
    return this.#handle?.peerConnection;
  }

  /** Aborts when the connection ends; the reason is a PlayError. */
  get signal(): AbortSignal {
    return this.#life.signal;
  }

  /**
   * Connects and attaches, without media: enough to ask the plugin about files. `open()` goes on from there.
   * Also again after a failure or `close()`.
   */
  attach(): Promise<void> {
    if (!this.#attaching || this.#life.signal.aborted) {
      if (this.state !== 'initialized') this.#changed(this.#machine.go(['failed', 'closed'], 'initialized'));
      this.#life = new AbortController();
      this.#attaching = this.#orFail((signal) => this.#connect(signal));
    }
    return this.#attaching;
  }

  /** Connects, attaches and brings the PeerConnection up; also again after a failure or `close()`. */
  open(): Promise<void> {
    if (!this.#opening || this.#life.signal.aborted) {
      const attached = this.attach();
      this.#opening = this.#orFail(() => attached.then(() => this.#negotiate()));
    }
    return this.#opening;
  }

  /** Asks the plugin; resolves with its answer, or with nothing where that comes later as a message. */
  async request(body: object, jsep?: Description): Promise<unknown> {
    const handle = this.#handle;
    if (!handle) throw new PlayError('wrong-state', `the channel is ${this.state}`);
    return this.#within('request', 'no-answer', () =>
      handle.send({ ...body, token: this.#options.token }, jsep),
    );
  }

  /** Ends the connection at both ends. */
  async close(): Promise<void> {
    if (this.state !== 'closed') await this.#end('closed', new PlayError('closed'));
  }

  /** Closes for good: no listener is called after this. */
  async dispose(): Promise<void> {
    const closed = this.close();
    this.clear();
    await closed;
  }

  /** Does a step of opening; where it fails, so does the channel. */
  async #orFail(step: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#life;
    try {
      await step(signal);
    } catch (error) {
      // A connection that ended meanwhile has said why already.
      if (!signal.aborted) void this.#end('failed', PlayError.from(error));
      throw error;
    }
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const { gateway, server, token, iceServers = async () => [], iceTransportPolicy = 'all' } = this.#options;
    const fail = (error: PlayError) => {
      if (!signal.aborted) void this.#end('failed', error);
    };
    this.#session = await this.#within('request', 'unreachable', async (limit) => {
      const asked = await iceServers(limit);
      const options = { server, token, iceTransportPolicy, iceServers: asked, onLost: fail };
      void this.#keepFresh(asked, signal);
      // Closed while it asked: no session may come of it.
      limit.throwIfAborted();
      const session = await gateway.connect({ ...options, signal: limit });
      // Closed in that very moment: nobody else will end it.
      if (limit.aborted) await session.destroy();
      return session;
    });
    this.#changed(this.#machine.go(['initialized'], 'connected'));
    const session = this.#session;
    this.#handle = await this.#within('request', 'no-answer', () =>
      session.attach(plugin, {
        message: (data, jsep) => this.#receive(data, jsep),
        up: () => {
          if (!signal.aborted) this.#link.emit('up', true);
        },
        down: (reason) => fail(new PlayError(this.state === 'webrtcUp' ? 'lost' : 'no-media-path', reason)),
        track: (track, present) => this.#place(track, present),
      }),
    );
    this.#changed(this.#machine.go(['connected'], 'attached'));
  }

  /** Gives the PeerConnection new credentials in time: it may have to look for another way later on. */
  async #keepFresh(servers: RTCIceServer[], signal: AbortSignal): Promise<void> {
    for (let ms = freshFor(servers); ms !== undefined; ms = freshFor(servers)) {
      await sleep(ms, signal);
      if (signal.aborted) return;
      const fresh = (await this.#options.iceServers?.(signal).catch(() => [])) ?? [];
      // Without an answer it asks again.
      if (signal.aborted || fresh.length === 0) continue;
      servers = fresh;
      const { peerConnection } = this;
      peerConnection?.setConfiguration({ ...peerConnection.getConfiguration(), iceServers: fresh });
    }
  }

  async #negotiate(): Promise<void> {
    const handle = this.#handle as Handle;
    const offer = await this.#within('request', 'no-answer', async (limit) => {
      const offered = this.#link.next('offer', limit);
      await Promise.all([offered, handle.send({ request: 'request.offer' })]);
      return offered;
    });
    await this.#within('media', 'no-media-path', async (limit) => {
      const up = this.#link.next('up', limit);
      const answer = await handle.answer(offer);
      await Promise.all([up, handle.send({ request: 'push.answer' }, answer)]);
    });
    this.#changed(this.#machine.go(['attached'], 'webrtcUp'));
  }

  #receive(data: unknown, jsep?: Description): void {
    const message = parseMessage(data);
    if (message.event === 'create.offer' && jsep) this.#link.emit('offer', jsep);
    else this.emit('message', message);
  }

  /** Tracks of both media go into one stream, so that one element plays them together. */
  #place(track: MediaStreamTrack, present: boolean): void {
    if (!present) {
      this.#stream?.removeTrack(track);
      return;
    }
    const stream = this.#stream ?? new MediaStream();
    stream.addTrack(track);
    if (stream === this.#stream) return;
    this.#stream = stream;
    this.emit('stream', stream);
  }

  async #end(state: 'failed' | 'closed', error: PlayError): Promise<void> {
    const session = this.#session;
    const streamed = this.#stream !== undefined;
    this.#session = this.#handle = this.#stream = undefined;
    this.#life.abort(error);
    if (streamed) this.emit('stream', undefined);
    const alive = ['initialized', 'connected', 'attached', 'webrtcUp'] as const;
    this.#changed(
      state === 'failed' ? this.#machine.go(alive, state) : this.#machine.go([...alive, 'failed'], state),
      error,
    );
    await session?.destroy();
  }

  #changed(transition: Transition<typeof channelTransitions>, error?: PlayError): void {
    this.emit('state', { ...transition, error });
  }

  #within<T>(limit: keyof Timeouts, code: ErrorCode, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return within(this.#timeouts[limit], code, this.#life.signal, work);
  }
}
