/** The custom element `<janus-play>`: the player for any page, whatever it is made with. */
import { type App, type ComponentPublicInstance, createApp, h, shallowReactive } from 'vue';
import type { ChannelState, PlaybackState } from './core/index.ts';
import JanusPlayer from './vue/JanusPlayer.vue';

/** Where this script came from is where the server is, unless the element says otherwise. */
const home = `${new URL(import.meta.url).origin}/janus`;

/** The attributes, and how the text of each is read. */
const attributes = {
  server: (value: string | null) => value ?? home,
  file: (value: string | null) => value ?? undefined,
  start: Number,
  autoplay: (value: string | null) => value !== null,
  loop: (value: string | null) => value !== null,
  token: (value: string | null) => value ?? undefined,
  'ice-servers-url': (value: string | null) => value ?? undefined,
  'extras-url': (value: string | null) => value ?? undefined,
  locale: (value: string | null) => (value === 'en' || value === 'zh' ? value : undefined),
} as const;

type Attribute = keyof typeof attributes;
type View = InstanceType<typeof JanusPlayer>;

/**
 * `<janus-play file="a.mp4"></janus-play>`. Attributes: `server` (full URL of the Janus API), `file`, `start`
 * (seconds), `autoplay`, `loop`, `token`, `ice-servers-url`, `extras-url`, `locale` (`en` or `zh`). The server, the token
 * and the two addresses are read when the element gets into the page. What its class has beside `HTMLElement`: methods
 * and states.
 *
 * Events, with what is new in `detail`: `statechange` (`{ channel, playback }`) and `failure` (a PlayError).
 */
export class JanusPlayElement extends HTMLElement {
  static readonly observedAttributes = Object.keys(attributes);

  readonly #props = shallowReactive<Record<string, unknown>>({});
  #app: App | undefined;
  #view: View | undefined;

  connectedCallback(): void {
    if (this.#app) return;
    for (const name of Object.keys(attributes) as Attribute[]) this.#read(name);
    const tell = (type: string) => (detail: unknown) => this.dispatchEvent(new CustomEvent(type, { detail }));
    const ref = (view: Element | ComponentPublicInstance | null) => {
      this.#view = (view as View | null) ?? undefined;
    };
    const listeners = { onStatechange: tell('statechange'), onFailure: tell('failure') };
    this.#app = createApp({ render: () => h(JanusPlayer, { ...this.#props, ...listeners, ref }) });
    this.#app.mount(this);
  }

  disconnectedCallback(): void {
    // One that only moves to another place is there again by then.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#app?.unmount();
      this.#app = undefined;
    });
  }

  attributeChangedCallback(name: Attribute): void {
    if (this.#app) this.#read(name);
  }

  /** `initialized`, `connected`, `attached`, `webrtcUp`, `failed` or `closed`. */
  get channelState(): ChannelState {
    return this.#view?.channelState ?? 'initialized';
  }

  /** `ready`, `going` or `paused`. */
  get playbackState(): PlaybackState {
    return this.#view?.playbackState ?? 'ready';
  }

  /** In seconds. */
  get position(): number {
    return this.#view?.position ?? 0;
  }

  /** In seconds; undefined until it is known. */
  get duration(): number | undefined {
    return this.#view?.duration;
  }

  /** Plays the file, or goes on after a pause. */
  async play(): Promise<void> {
    await this.#view?.play();
  }

  async pause(): Promise<void> {
    await this.#view?.pause();
  }

  async stop(): Promise<void> {
    await this.#view?.stop();
  }

  /** Goes to a position, in seconds. */
  async seek(position: number): Promise<void> {
    await this.#view?.seek(position);
  }

  #read(name: Attribute): void {
    const property = name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
    this.#props[property] = attributes[name](this.getAttribute(name));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'janus-play': JanusPlayElement;
  }
}

if (!customElements.get('janus-play')) customElements.define('janus-play', JanusPlayElement);
