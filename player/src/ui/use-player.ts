import { computed, onScopeDispose, reactive, ref, shallowRef } from 'vue';
import {
  Channel,
  type ChannelState,
  fetchIceServers,
  type Gateway,
  iceServersUrl,
  keepOpen,
  type MediaFile,
  mediaFiles,
  Playback,
  type PlaybackState,
  type PlayConfig,
  PlayError,
  type Probe,
  serverUrl,
} from '../core/index.ts';

const soundNames = /\.(mp3|wav|ogg|opus|m4a|aac|flac)$/i;

/** The core as Vue sees it: its states as refs, its commands as functions that report errors into `error`. */
export function usePlayer(gateway: Gateway, config: PlayConfig, page: Location | URL) {
  const query = new URLSearchParams(page.search);
  const server = serverUrl(config, page);
  const channel = new Channel({
    gateway,
    server,
    iceServers: (signal) => fetchIceServers(iceServersUrl(config, page), signal),
    iceTransportPolicy: query.has('relay') ? 'relay' : 'all',
  });
  const playback = new Playback(channel);

  const channelState = ref<ChannelState>(channel.state);
  const playbackState = ref<PlaybackState>(playback.state);
  const stream = shallowRef<MediaStream>();
  const error = shallowRef<PlayError>();
  const position = ref(0);
  const busy = ref(false);
  const files = ref<MediaFile[]>(mediaFiles(config));
  const selected = ref<MediaFile>();
  const probes = reactive(new Map<string, Probe>());

  const probe = computed(() => selected.value && probes.get(selected.value.name));
  const duration = computed(() => (probe.value?.playable ? probe.value.duration : undefined));
  const hasPicture = computed(() => selected.value?.kind !== 'audio');
  /** WebRTC is up, and nothing speaks against playing the chosen file. */
  const canPlay = computed(
    () => channelState.value === 'webrtcUp' && !!selected.value && probe.value?.playable !== false,
  );

  channel.on('state', (change) => {
    channelState.value = change.state;
    if (change.state === 'webrtcUp') error.value = undefined;
    if (change.error && change.state === 'failed') error.value = change.error;
    if (change.state === 'attached') void probeAll();
  });
  channel.on('stream', (value) => {
    stream.value = value;
  });
  playback.on('state', (change) => {
    playbackState.value = change.state;
    position.value = change.state === 'ready' ? 0 : playback.position;
  });

  const ticking = setInterval(() => {
    if (playback.state !== 'going') return;
    position.value = Math.min(playback.position, duration.value ?? Number.POSITIVE_INFINITY);
  }, 250);
  const stopReconnecting = keepOpen(channel);

  onScopeDispose(() => {
    clearInterval(ticking);
    stopReconnecting();
    playback.dispose();
    void channel.dispose();
  });

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

  async function probeFile(name: string): Promise<void> {
    // Without an answer the file stays unknown: playing it will tell.
    await playback
      .probe(name)
      .then((result) => probes.set(name, result))
      .catch(() => {});
  }

  /** Probes one file after another, the chosen one first, while this connection lasts. */
  async function probeAll(): Promise<void> {
    const { signal } = channel;
    for (const file of new Set([selected.value, ...files.value])) {
      if (file && !signal.aborted) await probeFile(file.name);
    }
  }

  /** Chooses a file; what plays is stopped. */
  async function select(file: MediaFile): Promise<void> {
    if (selected.value?.name === file.name) return;
    selected.value = file;
    error.value = undefined;
    if (playback.state !== 'ready') await command(() => playback.stop());
    if (channel.state === 'attached' || channel.state === 'webrtcUp') await probeFile(file.name);
  }

  /** Chooses a file by its name, listed or not. */
  function selectName(name: string): Promise<void> {
    const listed = files.value.find((file) => file.name === name);
    const file = listed ?? { name, kind: soundNames.test(name) ? 'audio' : 'video' };
    if (!listed) files.value = [...files.value, file];
    return select(file);
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
    files,
    selected,
    probes,
    probe,
    hasPicture,
    canPlay,
    select,
    selectName,
    peerConnection: () => channel.peerConnection,
    connect: () => command(() => channel.open()),
    close: () => channel.close(),
    play: () => command(async () => selected.value && playback.play(selected.value.name)),
    pause: () => command(() => playback.pause()),
    resume: () => command(() => playback.resume()),
    stop: () => command(() => playback.stop()),
    dismiss: () => {
      error.value = undefined;
    },
  };
}

export type Player = ReturnType<typeof usePlayer>;
