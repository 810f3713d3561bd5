import type { PlayError } from '../../src/core/errors.ts';
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
  /** Why it cannot be played. */
  reason?: string;
  /** Languages of its sounds, where there are several. */
  languages?: string[];
}

/** What the fake refuses or leaves unanswered. */
export interface Faults {
  connect?: PlayError;
  attach?: PlayError;
  /** Requests of these names get no answer. */
  silent?: string[];
  /** Requests of these names get these answers. */
  refused?: Record<string, object>;
  /** ICE never connects. */
  noMedia?: boolean;
}

/** A gateway with the play plugin, in memory: the wire protocol without a wire. */
export class FakeGateway implements Gateway {
  readonly files = new Map<string, FakeFile>();
  readonly faults: Faults = {};
  /** Every request in order, by name. */
  readonly requests: string[] = [];
  /** The same in full. */
  readonly bodies: object[] = [];
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

interface Body {
  request: string;
  file?: string;
  playlist?: string[];
  item?: number;
  position?: number;
  start?: number;
  sound?: number;
  loop?: boolean;
  folder?: string;
  accurate?: boolean;
}

/** What is going or paused; times in ms. */
interface Play {
  files: string[];
  isPlaylist: boolean;
  item: number;
  paused: boolean;
  sound: number;
  loop: boolean;
  position: number;
  /** When the position was true. */
  since: number;
}

/** Key frames of every fake film lie this far apart, in ms. */
const keyFrameInterval = 2000;

export class FakeHandle implements Handle {
  peerConnection: RTCPeerConnection | undefined;
  readonly events: HandleEvents;
  readonly #gateway: FakeGateway;
  #up = false;
  #play: Play | undefined;
  #loop = false;

  constructor(gateway: FakeGateway, events: HandleEvents) {
    this.#gateway = gateway;
    this.events = events;
  }

  async answer(): Promise<Description> {
    return { type: 'answer', sdp: 'v=0' };
  }

  async send(body: object, jsep?: Description): Promise<unknown> {
    const { request } = body as Body;
    this.#gateway.requests.push(request);
    this.#gateway.bodies.push(body);
    if (this.#gateway.faults.silent?.includes(request)) return new Promise(() => {});
    const refused = this.#gateway.faults.refused?.[request];
    if (refused) return refused;
    switch (request) {
      case 'ping':
        return { msg: 'pong' };
      case 'request.offer':
        return this.#later(() =>
          this.events.message({ tms_play_event: 'create.offer' }, { type: 'offer', sdp: 'v=0' }),
        );
      case 'push.answer':
        if (!jsep) return { code: 400, reason: 'no answer' };
        return this.#gateway.faults.noMedia ? undefined : this.#later(() => this.#connect());
      case 'stop.play':
        return this.#later(() => this.#exit());
      default:
        return this.#reply(body as Body);
    }
  }

  /** What the plugin knows of the play, as it stands in answers and events. */
  get status(): object {
    const play = this.#play;
    if (!play) return { state: 'ready', loop: this.#loop };
    return {
      state: play.paused ? 'paused' : 'going',
      file: play.files[play.item],
      position: Math.round(this.#position(play)),
      duration: this.#duration(play),
      loop: play.loop,
      ...this.#sounds(play),
      ...(play.isPlaylist && { playlist: play.files, item: play.item }),
    };
  }

  /** The file comes to its end: a playlist goes on, past what cannot be played; anything else is over. */
  end(): void {
    const play = this.#play;
    if (!play) return;
    let item = play.item + 1;
    for (; this.#gateway.files.get(play.files[item])?.reason; item++) {
      const message = this.#gateway.files.get(play.files[item])?.reason;
      this.say('play.skipped', { file: play.files[item], item, message });
    }
    if (item < play.files.length) {
      Object.assign(play, { item, position: 0, since: performance.now() });
      this.say('play.item', { file: play.files[item], item });
    } else {
      this.say('play.ended', { file: play.files[play.item], reason: 'end' });
      this.#exit();
    }
  }

  /** The file cannot be read on. */
  break(message: string): void {
    this.say('play.ended', { file: this.#play?.files[this.#play.item], reason: 'error', message });
    this.#exit();
  }

  say(event: string, data: object = {}): void {
    this.events.message({ tms_play_event: event, ...data });
  }

  #reply(body: Body): object {
    const { files } = this.#gateway;
    switch (body.request) {
      case 'probe.file': {
        const found = files.get(body.file ?? '');
        if (!found) return { code: 404, path: body.file };
        return found.reason ? { code: 400, path: body.file, reason: found.reason } : { code: 0, ...found };
      }
      case 'list.files':
        return this.#list(body.folder ?? '');
      case 'report.position':
      case 'get.status':
        return { code: 0, ...this.status };
      case 'ctrl.play':
        return this.#begin(body);
      case 'ctrl.pause':
      case 'ctrl.resume':
        return this.#control((play) => {
          this.#hold(play);
          play.paused = body.request === 'ctrl.pause';
        });
      case 'ctrl.sound':
        return this.#control((play) => {
          play.sound = body.sound ?? 0;
        });
      case 'ctrl.seek':
        return this.#seek(body);
      case 'ctrl.loop':
        this.#loop = body.loop === true;
        if (this.#play) this.#play.loop = this.#loop;
        return { code: 0, ...this.status };
      default:
        return { code: 400, reason: `unknown request ${body.request}` };
    }
  }

  #begin({ file, playlist, item = 0, start = 0, loop = false, sound = 0 }: Body): object {
    if (!this.#up) return { code: 462, reason: 'The PeerConnection is not up' };
    const files = playlist ?? [file ?? ''];
    const missing = files.find((name) => !this.#gateway.files.has(name));
    if (missing !== undefined) return { code: 404, path: missing, reason: `there is no ${missing}` };
    this.#loop = loop;
    this.#play = {
      files,
      isPlaylist: playlist !== undefined,
      item,
      paused: false,
      sound,
      loop,
      position: start,
      since: performance.now(),
    };
    return { code: 0, ...this.status };
  }

  #sounds({ files, item, sound }: Play): object | undefined {
    const languages = this.#gateway.files.get(files[item])?.languages;
    return languages && { sounds: languages.map((language) => ({ language, playable: true })), sound };
  }

  #control(work: (play: Play) => void): object {
    if (!this.#play) return { code: 409, reason: 'nothing plays' };
    work(this.#play);
    return { code: 0, ...this.status };
  }

  #seek({ position = 0, accurate }: Body): object {
    const play = this.#play;
    if (!play) return { code: 409, reason: 'nothing plays' };
    const requested = Math.min(position, this.#duration(play));
    const key_frame = Math.floor(requested / keyFrameInterval) * keyFrameInterval;
    play.position = accurate ? requested : key_frame;
    play.since = performance.now();
    return {
      code: 0,
      ...this.status,
      requested,
      key_frame,
      ...(accurate && { accurate: true, burst: 1000 }),
    };
  }

  #list(folder: string): object {
    const prefix = folder && `${folder}/`;
    const inside = [...this.#gateway.files]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, file]) => ({ name, rest: name.slice(prefix.length), file }));
    if (folder && inside.length === 0) return { code: 404, path: folder, reason: `there is no ${folder}` };
    const files = inside
      .filter(({ rest }) => !rest.includes('/'))
      .map(({ name, file }) => ({
        name,
        kind: /\.(mp3|wav)$/.test(name) ? 'audio' : 'video',
        size: 1000,
        duration: file.duration / 1000,
        playable: file.reason === undefined,
        reason: file.reason,
      }));
    const folders = inside.map(({ rest }) => rest).filter((rest) => rest.includes('/'));
    return {
      code: 0,
      folder,
      folders: [...new Set(folders.map((rest) => prefix + rest.split('/')[0]))],
      total: files.length,
      files,
    };
  }

  #position({ paused, position, since }: Play): number {
    return paused ? position : position + performance.now() - since;
  }

  #duration({ files, item }: Play): number {
    return (this.#gateway.files.get(files[item])?.duration ?? 0) / 1000;
  }

  /** Writes the position down, from which the time counts anew. */
  #hold(play: Play): void {
    play.position = this.#position(play);
    play.since = performance.now();
  }

  #exit(): void {
    if (!this.#play) return;
    this.#play = undefined;
    this.say('exit.play');
  }

  #connect(): void {
    this.#up = true;
    this.events.up();
  }

  #later(work: () => void): undefined {
    queueMicrotask(work);
  }
}

function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}
