/** The gateway over the network: janus.js, and what it needs to report errors well and to end without a trace. */
import Janus, { type JanusJS } from 'janus-gateway';
import adapter from 'webrtc-adapter';
import { sleep } from './deadline.ts';
import { PlayError } from './errors.ts';
import type { ConnectOptions, Description, Gateway, Handle, HandleEvents, Session } from './gateway.ts';

export const janusGateway: Gateway = {
  async connect(options) {
    if (typeof RTCPeerConnection === 'undefined') throw new PlayError('unsupported');
    initialize();
    const line = new Line(options);
    const abort = () => line.close();
    options.signal.addEventListener('abort', abort);
    try {
      return new JanusSession(line, await createSession(line, options));
    } catch (error) {
      line.close();
      throw error;
    } finally {
      options.signal.removeEventListener('abort', abort);
    }
  },
};

/** Longest wait for an answer to a request; a long poll, which the server holds for 30 s, has its own. */
const requestTimeout = 10_000;
const longPollTimeout = 40_000;
/** A server that is gone must not hold up a page that leaves. */
const destroyTimeout = 2_000;

/**
 * Between a poll that failed and the next try, in ms; after the last one the session counts as lost. It lasts as long
 * as a browser takes to give media up, and less than the server keeps a session that it does not hear of.
 */
const pollPauses = [250, 500, 1000, ...Array<number>(10).fill(2000)];

/** How long (ms) the gateway has to say that media can flow, after the browser has. */
const upTimeout = 1000;

/** Janus's error codes that mean something to a viewer. */
const janusErrors: Record<number, PlayError['code']> = {
  403: 'not-allowed',
  458: 'lost',
  460: 'no-plugin',
  472: 'restarting',
};

interface JanusReply {
  janus?: string;
  error?: { code: number; reason: string };
}

/**
 * The requests of one session. janus.js has one set of dependencies for all its sessions and reports errors
 * as text: so the server's address that it is given begins with the number of the line,
 * and the text of an error is the number of the real one.
 */
class Line {
  static readonly #lines = new Map<string, Line>();
  static #count = 0;

  readonly address: string;
  readonly #number = String(++Line.#count);
  readonly #onLost: (error: PlayError) => void;
  readonly #token: string | undefined;
  readonly #life = new AbortController();
  readonly #errors: PlayError[] = [];

  constructor({ server, token, onLost }: ConnectOptions) {
    this.#onLost = onLost;
    this.#token = token;
    this.address = `${this.#number}:${server}`;
    Line.#lines.set(this.#number, this);
  }

  /** The line and the true address of a request of janus.js. */
  static find(address: string): { line: Line | undefined; url: string } {
    const colon = address.indexOf(':');
    return { line: Line.#lines.get(address.slice(0, colon)), url: address.slice(colon + 1) };
  }

  /** The error that a text of janus.js stands for. */
  error(text: unknown): PlayError {
    const [, index] = /error #(\d+)/.exec(String(text)) ?? [];
    return this.#errors[Number(index)] ?? new PlayError('refused', String(text));
  }

  lost(error: PlayError): void {
    if (!this.#life.signal.aborted) this.#onLost(error);
  }

  async call(url: string, options: JanusJS.HttpApiCallOption): Promise<void> {
    const { signal } = this.#life;
    try {
      const reply = options.verb === 'GET' ? await this.#poll(url, options) : await this.#fetch(url, options);
      if (!signal.aborted) options.success(reply);
    } catch (cause) {
      if (signal.aborted) return;
      const error = PlayError.from(cause);
      // janus.js would poll on at once, which a session that is gone answers at once, for ever.
      if (options.verb === 'GET') this.lost(new PlayError('lost', error.detail, error));
      else options.error?.(`error #${this.#errors.push(error) - 1}`, '');
    }
  }

  /** Does something later, unless the line is closed by then. */
  async after(ms: number, work: () => void): Promise<void> {
    await sleep(ms, this.#life.signal);
    if (!this.#life.signal.aborted) work();
  }

  /** Ends every request; janus.js hears of none of them again. */
  close(): void {
    this.#life.abort();
    Line.#lines.delete(this.#number);
  }

  /** Asks for the next events, through short troubles of the network. */
  async #poll(url: string, options: JanusJS.HttpApiCallOption): Promise<JanusReply> {
    for (const pause of pollPauses) {
      try {
        return await this.#fetch(url, options);
      } catch (cause) {
        if (PlayError.from(cause).code === 'lost') throw cause;
      }
      // At once: until then, what happens is told to the poll that is lost, and afterwards it waits for the next.
      const claimed = await this.#claim(url);
      await sleep(pause, this.#life.signal);
      if (!claimed) await this.#claim(url);
    }
    return this.#fetch(url, options);
  }

  /** Has the gateway end the poll that the network lost, on which it may still wait. */
  async #claim(pollUrl: string): Promise<boolean> {
    const [, server, session] = /^(.*)\/(\d+)(?:\?|$)/.exec(pollUrl) ?? [];
    const transaction = Janus.randomString(12);
    const body = { janus: 'claim', session_id: Number(session), transaction, token: this.#token };
    return this.#fetch(server, { verb: 'POST', body } as JanusJS.HttpApiCallOption).then(
      () => true,
      () => false,
    );
  }

  async #fetch(
    url: string,
    { verb, body, timeout = requestTimeout }: JanusJS.HttpApiCallOption,
  ): Promise<JanusReply> {
    const leaving = body?.janus === 'destroy';
    const limit = AbortSignal.timeout(leaving ? destroyTimeout : timeout);
    const response = await fetch(url, {
      method: verb,
      body: body && JSON.stringify(body),
      headers: body && { 'content-type': 'application/json' },
      cache: 'no-store',
      credentials: 'omit',
      // The page may be leaving, too.
      keepalive: leaving,
      signal: AbortSignal.any([this.#life.signal, limit]),
    }).catch((cause) => {
      throw limit.aborted
        ? new PlayError('no-answer')
        : new PlayError('unreachable', String(cause?.message), cause);
    });
    // What a poll of a session is told by a gateway that does not have it, as after a restart.
    if (response.status === 404 && verb === 'GET') throw new PlayError('lost', 'the session is gone');
    if (!response.ok) {
      throw new PlayError(
        response.status === 403 ? 'not-allowed' : 'unreachable',
        `HTTP status ${response.status}`,
      );
    }
    const reply: JanusReply = await response.json().catch((cause) => {
      throw new PlayError('unreachable', 'what answers there is no Janus gateway', cause);
    });
    if (reply.janus === 'timeout') throw new PlayError('lost', 'the session expired');
    if (reply.janus !== 'error') return reply;
    const { code = 0, reason = '' } = reply.error ?? {};
    throw new PlayError(janusErrors[code] ?? 'refused', `${reason} (${code})`);
  }
}

/** janus.js remembers every session it ever made, for a page that closes; ours end by themselves. */
const { sessions } = Janus as unknown as { sessions: Map<number, Janus> };

/** How long (ms) what was received is held before it is played: more than packets of a file are ever apart. */
const bufferTarget = 200;

let initialized = false;

function initialize(): void {
  if (initialized) return;
  initialized = true;
  const dependencies = {
    ...Janus.useDefaultDependencies({ adapter }),
    httpAPICall: (address: string, options: JanusJS.HttpApiCallOption) => {
      const { line, url } = Line.find(address);
      void line?.call(url, options);
    },
    // Screens are not shared here, so nobody listens for the extension that once did it.
    extension: { extensionId: '', isInstalled: () => false, getScreen() {}, init() {} },
  };
  Janus.init({ debug: false, dependencies });
}

function createSession(
  line: Line,
  { token, iceServers, iceTransportPolicy }: ConnectOptions,
): Promise<Janus> {
  return new Promise((resolve, reject) => {
    const janus: Janus = new Janus({
      server: line.address,
      token,
      iceServers,
      iceTransportPolicy,
      longPollTimeout,
      destroyOnUnload: false,
      success: () => resolve(janus),
      error: (text) => reject(line.error(text)),
    });
  });
}

class JanusSession implements Session {
  readonly #line: Line;
  readonly #janus: Janus;

  constructor(line: Line, janus: Janus) {
    this.#line = line;
    this.#janus = janus;
  }

  attach(plugin: string, events: HandleEvents): Promise<Handle> {
    return new Promise((resolve, reject) => {
      let handle: JanusHandle;
      this.#janus.attach({
        plugin,
        success: (attached) => {
          handle = new JanusHandle(this.#line, attached);
          resolve(handle);
        },
        error: (text) => reject(this.#line.error(text)),
        onmessage: (data, jsep) => events.message(data, jsep as Description | undefined),
        webrtcState: (up, reason?: string) => (up ? events.up() : events.down(reason ?? 'hung up')),
        connectionState: (state: RTCPeerConnectionState) => {
          if (state === 'failed') events.down('ICE or DTLS failed');
          if (state !== 'connected') return;
          handle.onTransportClosed(() => events.down('closed by the server'));
          // The gateway tells it in an event, which a troubled network may have lost.
          void this.#line.after(upTimeout, events.up);
        },
        ondetached: () => this.#line.lost(new PlayError('lost', 'the server ended the connection')),
        onremotetrack: (track, _mid, present, metadata) => {
          if (metadata?.reason === 'created') handle.alignBuffers();
          // A paused track is muted, and stays: it holds the last picture.
          if (metadata?.reason === 'created' || metadata?.reason === 'ended') events.track(track, present);
        },
      } as JanusJS.PluginOptions);
    });
  }

  async destroy(): Promise<void> {
    sessions.delete(this.#janus.getSessionId());
    await new Promise<void>((resolve) =>
      this.#janus.destroy({ cleanupHandles: true, success: resolve, error: () => resolve() }),
    );
    this.#line.close();
  }
}

class JanusHandle implements Handle {
  readonly #line: Line;
  readonly #handle: JanusJS.PluginHandle;

  constructor(line: Line, handle: JanusJS.PluginHandle) {
    this.#line = line;
    this.#handle = handle;
  }

  get peerConnection(): RTCPeerConnection | undefined {
    return this.#handle.webrtcStuff.pc ?? undefined;
  }

  /**
   * Sound and picture wait equally long in their buffers. Left to itself a browser starts with each as short as it
   * dares, and takes some ten seconds to bring the two together.
   */
  alignBuffers(): void {
    for (const receiver of this.peerConnection?.getReceivers() ?? [])
      receiver.jitterBufferTarget = bufferTarget;
  }

  /** The gateway's farewell over DTLS comes at once; ICE notices many seconds later, a long poll even after those. */
  onTransportClosed(closed: () => void): void {
    const transport = this.peerConnection?.getReceivers().find((receiver) => receiver.transport)?.transport;
    transport?.addEventListener('statechange', () => transport.state === 'closed' && closed());
  }

  send(body: object, jsep?: Description): Promise<unknown> {
    return new Promise((resolve, reject) =>
      this.#handle.send({
        message: body as JanusJS.PluginMessage['message'],
        jsep: jsep as JanusJS.JSEP | undefined,
        success: resolve,
        error: (text) => reject(this.#line.error(text)),
      }),
    );
  }

  answer(offer: Description): Promise<Description> {
    return new Promise((resolve, reject) =>
      this.#handle.createAnswer({
        jsep: offer as JanusJS.JSEP,
        customizeSdp: (jsep: JanusJS.JSEP) => {
          jsep.sdp = acceptStereo(jsep.sdp ?? '');
        },
        success: (jsep) => resolve(jsep as Description),
        error: (error) => reject(PlayError.from(error, 'unsupported')),
      } as JanusJS.PluginCreateAnswerParam),
    );
  }
}

/** A browser decodes Opus to one channel unless its own description asks for two. */
export function acceptStereo(sdp: string): string {
  const [, payloadType] = /^a=rtpmap:(\d+) opus\//im.exec(sdp) ?? [];
  return payloadType
    ? sdp.replace(new RegExp(`^(a=fmtp:${payloadType} )(?!.*stereo=)`, 'm'), '$1stereo=1;')
    : sdp;
}
