import { markRaw, reactive } from 'vue';
import {
  Channel,
  fetchIceServers,
  type Gateway,
  janusGateway,
  Playback,
  PlayError,
  type Probe,
} from '../core/index.ts';

export interface TmsJanusPlayOptions {
  /** The `<video>` or `<audio>` that plays. */
  elemMedia?: HTMLMediaElement;
  onVideoMute?: () => void;
  onVideoUnmute?: (track: MediaStreamTrack) => void;
  onwebrtcstate?: (state: 'onWebrtcUp' | 'onHangup') => void;
  /** Answers in place of the network: for tests. */
  gateway?: Gateway;
}

/** The class of the package `tms-janus-play`, over a Channel and a Playback. Its states are reactive. */
export class TmsJanusPlay {
  readonly channelState = reactive({
    initialized: true,
    connected: false,
    attached: false,
    webrtcUp: false,
    /** A request is under way. */
    sending: false,
  });
  readonly playState = reactive({
    file: undefined as string | undefined,
    /** Microseconds, as the server says it; -1 until it is known. */
    duration: -1,
    /** Microseconds, at the last report of the server; -1 while nothing plays. */
    position: -1,
    state: undefined as 'ready' | 'going' | 'paused' | undefined,
  });
  readonly #options: TmsJanusPlayOptions;
  #channel: Channel | undefined;
  #playback: Playback | undefined;

  constructor(options: TmsJanusPlayOptions = {}) {
    this.#options = options;
    // In a component's data it would become a proxy, which has no private fields.
    markRaw(this);
  }

  get isConnEnable(): boolean {
    return !this.channelState.attached && !this.channelState.sending;
  }

  get isProbeEnable(): boolean {
    return this.channelState.attached && !this.channelState.sending;
  }

  get isCreateWebrtcEnable(): boolean {
    return this.channelState.attached && !this.channelState.webrtcUp;
  }

  get isWebrtcUp(): boolean {
    return this.channelState.webrtcUp;
  }

  get isControlEnable(): boolean {
    return this.isWebrtcUp && !!this.playState.file;
  }

  get isStopEnable(): boolean {
    return this.isWebrtcUp && (this.playState.state === 'going' || this.playState.state === 'paused');
  }

  /**
   * Opens a session and attaches to the plugin; one that is open is closed.
   * @param server full URL of the Janus API
   */
  connect(server: string): Promise<void> {
    return this.#sending(async () => {
      await this.closeConn();
      await this.#makeChannel(server).attach();
    });
  }

  /** Ends the session. Resolves with whether there was one. */
  async closeConn(): Promise<boolean> {
    const channel = this.#channel;
    if (!channel) return false;
    // The listeners hear of the end; after that they are of no use.
    await channel.close();
    this.#playback?.dispose();
    await channel.dispose();
    this.#channel = this.#playback = undefined;
    return true;
  }

  /** Brings the media up; resolves once it is. */
  async createWebrtc(): Promise<void> {
    const channel = this.#connected().channel;
    await this.#sending(() => channel.open());
  }

  /** Ends the media; files can be asked about afterwards. Resolves with whether it was connected. */
  async hangupWebrtc(): Promise<boolean> {
    const channel = this.#channel;
    if (!channel) return false;
    await channel.close();
    await this.#sending(() => channel.attach());
    return true;
  }

  /** Asks about a file, which `control()` plays then. */
  async probe(file: string): Promise<Probe> {
    this.playState.file = file;
    const probe = await this.#sending(() => this.#connected().playback.probe(file));
    if (probe.playable) {
      this.playState.state ??= 'ready';
      this.playState.duration = Math.round((probe.duration ?? 0) * 1e6);
    }
    return probe;
  }

  /** Plays, pauses, goes on. */
  async control(): Promise<void> {
    const { playback } = this.#connected();
    const { file = '' } = this.playState;
    await {
      ready: () => playback.play(file),
      going: () => playback.pause(),
      paused: () => playback.resume(),
    }[playback.state]();
  }

  /** Ends what plays. */
  async stop(): Promise<void> {
    await this.#connected().playback.stop();
  }

  #makeChannel(server: string): Channel {
    const { gateway = janusGateway } = this.#options;
    const url = new URL(server, location.href);
    const channel = new Channel({
      gateway,
      server: url.href,
      iceServers: (signal) => fetchIceServers(new URL('/turn-credentials', url).href, signal),
    });
    const playback = new Playback(channel);
    this.#channel = channel;
    this.#playback = playback;
    channel.on('state', ({ state, previous }) => {
      this.channelState.connected = ['connected', 'attached', 'webrtcUp'].includes(state);
      this.channelState.attached = state === 'attached' || state === 'webrtcUp';
      this.channelState.webrtcUp = state === 'webrtcUp';
      if (state === 'webrtcUp') {
        this.#watch(channel.stream?.getVideoTracks()[0]);
        this.#options.onwebrtcstate?.('onWebrtcUp');
      }
      if (previous === 'webrtcUp') this.#options.onwebrtcstate?.('onHangup');
      if (state === 'failed' || state === 'closed')
        Object.assign(this.playState, { state: undefined, duration: -1, position: -1 });
    });
    channel.on('stream', (stream) => {
      if (this.#options.elemMedia) this.#options.elemMedia.srcObject = stream ?? null;
    });
    playback.on('status', (status) => {
      if (this.playState.state !== undefined || status.state !== 'ready') this.playState.state = status.state;
      this.playState.position = status.state === 'ready' ? -1 : Math.round(status.position * 1e6);
    });
    return channel;
  }

  #connected(): { channel: Channel; playback: Playback } {
    const [channel, playback] = [this.#channel, this.#playback];
    if (!channel || !playback) throw new PlayError('wrong-state', 'connect() comes first');
    return { channel, playback };
  }

  async #sending<T>(work: () => Promise<T>): Promise<T> {
    this.channelState.sending = true;
    try {
      return await work();
    } finally {
      this.channelState.sending = false;
    }
  }

  /** Tells when a picture comes and when it stays away. */
  #watch(video: MediaStreamTrack | undefined): void {
    const { onVideoMute, onVideoUnmute } = this.#options;
    if (!video || video.muted) onVideoMute?.();
    else onVideoUnmute?.(video);
    video?.addEventListener('mute', () => onVideoMute?.());
    video?.addEventListener('unmute', () => onVideoUnmute?.(video));
  }
}
