import { computed, onScopeDispose, ref, shallowRef } from 'vue';
import {
  Channel,
  type ChannelState,
  fetchIceServers,
  type Gateway,
  janusGateway,
  keepOpen,
  keepPlaying,
  type MediaFile,
  Playback,
  type PlaybackState,
  PlayError,
  type Skipped,
  type SoundTrack,
  type Status,
  showsH264,
} from '../core/index.ts';
import { useExtras } from './use-extras.ts';
import { useLibrary } from './use-library.ts';
import { useRemembered } from './use-remembered.ts';

export interface PlayerOptions {
  /** Full URL of the Janus API. */
  server: string;
  /** Where to ask for ICE servers; none are used without it. */
  iceServersUrl?: string;
  /** Where to ask for captions and covers; there are none without it. */
  extrasUrl?: string;
  /** 'relay' sends all media through TURN. */
  iceTransportPolicy?: RTCIceTransportPolicy;
  /** Shown to the server with every request, where it lets in those alone who have one. */
  token?: string;
  /** What to choose from until the server has listed its files, and where it does not. */
  files?: MediaFile[];
  gateway?: Gateway;
}

/** The core as Vue sees it: its states as refs, its commands as functions that report errors into `error`. */
export function usePlayer(options: PlayerOptions) {
  const { server, iceServersUrl, extrasUrl, iceTransportPolicy, token, gateway = janusGateway } = options;
  /** Whether the server offered a relay for this connection. */
  const relayOffered = ref(false);
  const channel = new Channel({
    gateway,
    server,
    token,
    iceTransportPolicy,
    async iceServers(signal) {
      const servers = iceServersUrl ? await fetchIceServers(iceServersUrl, signal, { token }) : [];
      relayOffered.value = servers.some(({ urls }) => [urls].flat().some((url) => /^turns?:/.test(url)));
      return servers;
    },
  });
  const playback = new Playback(channel);

  const channelState = ref<ChannelState>(channel.state);
  const playbackState = ref<PlaybackState>(playback.state);
  const stream = shallowRef<MediaStream>();
  const error = shallowRef<PlayError>();
  const busy = ref(false);
  /** Between the end of a connection and its next: what played goes on by itself. */
  const reconnecting = ref(false);
  const loop = ref(false);
  const selected = ref<MediaFile>();
  const library = useLibrary(channel, playback, options.files ?? []);
  /** Where playing begins, in seconds. */
  const cue = ref(0);
  const shownPosition = ref(0);
  const playedDuration = ref<number>();
  /** The files that play one after another, and which of them plays now; none when it is a single file. */
  const playlist = shallowRef<{ files: string[]; item: number }>();
  /** The sounds of what plays, where it has several, and which of them is heard. */
  const sounds = shallowRef<SoundTrack[]>([]);
  const heard = ref(0);
  let listenedTo: string | undefined;
  /** The language that the viewer chose last: of each film that has it. */
  const preferredLanguage = useRemembered('sound-language', '');
  /** Files of the playlist that were passed over. */
  const skipped = ref<Skipped[]>([]);

  const probe = computed(() => selected.value && library.probes.get(selected.value.name));
  const duration = computed(
    () => playedDuration.value || (probe.value?.playable ? probe.value.duration : undefined),
  );
  const position = computed(() => (playbackState.value === 'ready' ? cue.value : shownPosition.value));
  const extras = useExtras({ url: extrasUrl, token }, selected, position);
  const hasPicture = computed(() => selected.value?.kind !== 'audio');
  /** WebRTC is up, and nothing speaks against playing the chosen file. */
  const canPlay = computed(
    () => channelState.value === 'webrtcUp' && !!selected.value && probe.value?.playable !== false,
  );

  channel.on('state', (change) => {
    channelState.value = change.state;
    if (change.state === 'webrtcUp') error.value = undefined;
    if (change.state === 'webrtcUp' || change.state === 'closed') reconnecting.value = false;
    if (change.error && change.state === 'failed') error.value = change.error;
    if (change.state === 'attached') void look();
  });
  channel.on('stream', (value) => {
    stream.value = value;
  });
  playback.on('interrupted', () => {
    reconnecting.value = true;
  });
  playback.on('state', ({ state }) => {
    playbackState.value = state;
    if (state !== 'ready') cue.value = 0;
  });
  playback.on('status', (status) => {
    loop.value = status.state === 'ready' ? loop.value : status.loop;
    playedDuration.value = playback.duration;
    listen(status);
    shownPosition.value = playback.position;
    follow(status);
  });
  playback.on('skipped', (file) => {
    skipped.value = [...skipped.value, file];
  });
  playback.on('ended', ({ error: cause }) => {
    if (cause) error.value = cause;
  });
  const ticking = setInterval(() => {
    shownPosition.value = playback.position;
  }, 100);
  const stopReconnecting = keepOpen(channel);
  const stopPlayingOn = keepPlaying(channel, playback, (cause) => {
    error.value = cause;
  });

  onScopeDispose(() => {
    clearInterval(ticking);
    stopReconnecting();
    stopPlayingOn();
    playback.dispose();
    void channel.dispose();
  });

  /** Learns about the files; the first is chosen where none is. */
  async function look(): Promise<void> {
    await library.look(selected.value?.name);
    const first = library.first.value;
    if (first && !selected.value) await select(first);
  }

  /** What is shown as chosen goes on with the playlist. */
  function follow(status: Status): void {
    const { playlist: files, item = 0 } = status.state === 'ready' ? {} : status;
    playlist.value = files && { files, item };
    const name = files?.[item];
    if (name && selected.value?.name !== name) selected.value = library.find(name);
  }

  /** What begins to play is heard in the viewer's language. */
  function listen(status: Status): void {
    const begun = sounds.value.length === 0 || playback.file !== listenedTo;
    const { sounds: found = [], sound = 0 } = status.state === 'ready' ? {} : status;
    sounds.value = found;
    heard.value = sound;
    listenedTo = playback.file;
    const language = preferredLanguage.value;
    if (!begun || !language || found[sound]?.language === language) return;
    const wanted = found.findIndex((other) => other.playable && other.language === language);
    if (wanted >= 0) void playback.setSound(wanted).catch(() => {});
  }

  /** Has another sound of what plays heard, and its language from now on. */
  function hear(sound: number): Promise<void> {
    preferredLanguage.value = sounds.value[sound]?.language ?? '';
    return command(() => playback.setSound(sound));
  }

  async function command(work: () => Promise<unknown>): Promise<void> {
    busy.value = true;
    error.value = undefined;
    try {
      await work();
    } catch (cause) {
      const failure = PlayError.from(cause);
      if (failure.code !== 'closed') error.value = failure;
    } finally {
      busy.value = false;
    }
  }

  /** Chooses a file, and where it will begin; what plays is stopped. */
  async function select(file: MediaFile, start = 0): Promise<void> {
    if (selected.value?.name === file.name) return;
    selected.value = file;
    error.value = undefined;
    skipped.value = [];
    if (playback.state !== 'ready') await command(() => playback.stop());
    cue.value = start;
    if (channel.state === 'attached' || channel.state === 'webrtcUp') await library.probeFile(file.name);
  }

  /** Chooses a file by its name, listed or not. */
  const selectName = (name: string, start?: number) => select(library.find(name), start);

  function play(): Promise<void> {
    const file = selected.value;
    if (!file) return Promise.resolve();
    return command(async () => {
      if (file.kind === 'video' && !showsH264()) throw new PlayError('no-h264');
      await playback.play(file.name, { start: cue.value, loop: loop.value });
    });
  }

  /**
   * Plays files one after another, from the first on that can be played. What comes later and cannot, the server passes
   * over by itself.
   */
  function playAll(files: string[]): Promise<void> {
    const refusals = files.map((name) => {
      const known = library.probes.get(name);
      return known?.playable === false ? known.reason : undefined;
    });
    const item = Math.max(0, refusals.indexOf(undefined));
    skipped.value = files.slice(0, item).map((file, at) => ({ file, item: at, reason: refusals[at] ?? '' }));
    return command(async () => {
      const films = files.some((name) => library.find(name).kind === 'video');
      if (films && !showsH264()) throw new PlayError('no-h264');
      await playback.play(files, { item, loop: loop.value });
    });
  }

  /** Goes to the next file of the playlist, or with -1 to the one before; not beyond its ends. */
  async function step(by: 1 | -1): Promise<void> {
    const { files, item } = playlist.value ?? { files: [], item: 0 };
    if (files[item + by] !== undefined)
      await command(() => playback.play(files, { item: item + by, loop: loop.value }));
  }

  let target: { position: number; accurate: boolean } | undefined;
  let seeking: Promise<void> | undefined;

  /**
   * Goes to a position in seconds; before playing, that is where it will begin. Of those asked for while one is
   * under way, only the last is sent. Resolves when none is left.
   */
  function seek(position: number, accurate = true): Promise<void> {
    const wanted = Math.min(Math.max(0, position), duration.value ?? Number.POSITIVE_INFINITY);
    if (playback.state === 'ready') {
      cue.value = wanted;
      return Promise.resolve();
    }
    target = { position: wanted, accurate };
    seeking ??= seekOn().finally(() => {
      target = seeking = undefined;
    });
    return seeking;
  }

  async function seekOn(): Promise<void> {
    try {
      while (target && playback.state !== 'ready') {
        const { position, accurate } = target;
        target = undefined;
        await playback.seek(position, { accurate });
      }
    } catch (cause) {
      error.value = PlayError.from(cause);
    }
  }

  /** Now, or from the next file on. */
  async function toggleLoop(): Promise<void> {
    loop.value = !loop.value;
    if (playback.state !== 'ready') await command(() => playback.setLoop(loop.value));
  }

  return {
    server,
    channelState,
    playbackState,
    stream,
    error,
    position,
    duration,
    busy,
    reconnecting,
    relayOffered,
    loop,
    library,
    playlist,
    skipped,
    sounds,
    heard,
    hear,
    extras,
    selected,
    probe,
    hasPicture,
    canPlay,
    select,
    selectName,
    peerConnection: () => channel.peerConnection,
    connect: () => command(() => channel.open()),
    close: () => channel.close(),
    play,
    playAll,
    step,
    pause: () => command(() => playback.pause()),
    resume: () => command(() => playback.resume()),
    stop: () => command(() => playback.stop()),
    seek,
    seekBy: (seconds: number) => seek(position.value + seconds),
    toggleLoop,
    dismiss: () => {
      error.value = undefined;
    },
    dismissSkipped: () => {
      skipped.value = [];
    },
  };
}

export type Player = ReturnType<typeof usePlayer>;
