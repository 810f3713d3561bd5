import { PlayError } from '../../src/core/errors.ts';
import type {
  ConnectOptions,
  Description,
  Gateway,
  Handle,
  HandleEvents,
  Session,
} from '../../src/core/gateway.ts';

export interface FakeFile {
  streams: number;
  /** Microseconds. */
  duration: number;
}

/** What the fake refuses or leaves unanswered. */
export interface Faults {
  connect?: PlayError;
  attach?: PlayError;
  /** Requests of these names get no answer. */
  silent?: string[];
  /** ICE never connects. */
  noMedia?: boolean;
}

/** A gateway with the play plugin, in memory: the wire protocol without a wire. */
export class FakeGateway implements Gateway {
  readonly files = new Map<string, FakeFile>();
  readonly faults: Faults = {};
  /** Every request in order, by name. */
  readonly requests: string[] = [];
  /** Sessions not destroyed yet. */
  readonly sessions = new Set<FakeSession>();

  async connect(options: ConnectOptions): Promise<Session> {
    if (this.faults.silent?.includes('create')) await never(options.signal);
    if (this.faults.connect) throw this.faults.connect;
    const session = new FakeSession(this, options);
    this.sessions.add(session);
    return session;
  }

  /** The only session. */
  get session(): FakeSession {
    const [session] = this.sessions;
    if (!session) throw new Error('no session');
    return session;
  }
}

export class FakeSession implements Session {
  readonly options: ConnectOptions;
  readonly #gateway: FakeGateway;
  #handle: FakeHandle | undefined;

  constructor(gateway: FakeGateway, options: ConnectOptions) {
    this.#gateway = gateway;
    this.options = options;
  }

  get handle(): FakeHandle {
    if (!this.#handle) throw new Error('no handle');
    return this.#handle;
  }

  async attach(_plugin: string, events: HandleEvents): Promise<Handle> {
    if (this.#gateway.faults.attach) throw this.#gateway.faults.attach;
    this.#handle = new FakeHandle(this.#gateway, events);
    return this.#handle;
  }

  async destroy(): Promise<void> {
    this.#gateway.sessions.delete(this);
  }
}

type Body = { request: string; file?: string };

export class FakeHandle implements Handle {
  readonly peerConnection = undefined;
  readonly events: HandleEvents;
  readonly #gateway: FakeGateway;
  #up = false;
  #state: 'ready' | 'going' | 'paused' = 'ready';

  constructor(gateway: FakeGateway, events: HandleEvents) {
    this.#gateway = gateway;
    this.events = events;
  }

  async answer(): Promise<Description> {
    return { type: 'answer', sdp: 'v=0' };
  }

  async send(body: object, jsep?: Description): Promise<unknown> {
    const { request, file } = body as Body;
    this.#gateway.requests.push(request);
    if (this.#gateway.faults.silent?.includes(request)) return undefined;
    switch (request) {
      case 'ping':
        return { msg: 'pong' };
      case 'probe.file':
        return this.#probe(file);
      case 'request.offer':
        return this.#later(() =>
          this.events.message({ tms_play_event: 'create.offer' }, { type: 'offer', sdp: 'v=0' }),
        );
      case 'push.answer':
        if (!jsep) return { code: 400, reason: 'no answer' };
        return this.#gateway.faults.noMedia ? undefined : this.#later(() => this.#connect());
      case 'ctrl.play':
        return this.#toggle(file);
      case 'stop.play':
        return this.#later(() => this.end());
      default:
        return { code: 400, reason: `unknown request ${request}` };
    }
  }

  /** The file comes to its end. */
  end(): void {
    if (this.#state === 'ready') return;
    this.#state = 'ready';
    this.#say('exit.play');
  }

  #probe(file?: string): object {
    const found = this.#gateway.files.get(file ?? '');
    return found ? { code: 0, ...found } : { code: 404, path: file };
  }

  #toggle(file?: string): unknown {
    if (!this.#up) throw new PlayError('refused', 'WebRTC is not up (462)');
    if (!file) return { code: 400, reason: 'no file' };
    if (this.#state === 'ready' && !this.#gateway.files.has(file)) return { code: 404, path: file };
    const event = { ready: 'launch.play', going: 'pause.play', paused: 'resume.play' }[this.#state];
    this.#state = this.#state === 'going' ? 'paused' : 'going';
    return this.#later(() => this.#say(event));
  }

  #connect(): void {
    this.#up = true;
    this.events.up();
  }

  #say(event: string): void {
    this.events.message({ tms_play_event: event });
  }

  #later(work: () => void): undefined {
    queueMicrotask(work);
  }
}

function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}
