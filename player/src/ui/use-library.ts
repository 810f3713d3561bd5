import { computed, reactive, ref } from 'vue';
import type { Channel, ListedFile, MediaFile, Playback, Probe } from '../core/index.ts';

const soundNames = /\.(mp3|wav|ogg|opus|m4a|aac|flac)$/i;

/**
 * The files to choose from: those of a folder as the server lists them, else those that the page was told of; and
 * what is known of each.
 */
export function useLibrary(channel: Channel, playback: Playback, told: MediaFile[]) {
  /** Name of the open folder, relative to the media folder. */
  const folder = ref('');
  const folders = ref<string[]>([]);
  const listed = ref<MediaFile[]>(told);
  /** Files whose names were typed, or stood in a link. */
  const named = ref<MediaFile[]>([]);
  const probes = reactive(new Map<string, Probe>());
  const files = computed(() => [
    ...listed.value,
    ...named.value.filter(({ name }) => !listed.value.some((file) => file.name === name)),
  ]);

  /** What is chosen where nothing was: a film, if there is one. */
  const first = computed(() => files.value.find(({ kind }) => kind !== 'audio') ?? files.value[0]);

  async function probeFile(name: string): Promise<void> {
    // Without an answer the file stays unknown: playing it will tell.
    await playback
      .probe(name)
      .then((result) => probes.set(name, result))
      .catch(() => {});
  }

  /** Lists a folder. */
  async function open(name: string): Promise<void> {
    const found: ListedFile[] = [];
    let part: Awaited<ReturnType<Playback['list']>>;
    do {
      part = await playback.list(name, { offset: found.length });
      found.push(...part.files);
    } while (part.files.length > 0 && found.length < part.total);
    folder.value = name;
    folders.value = part.folders;
    listed.value = found.map((file) => ({ name: file.name, kind: file.kind }));
    for (const { name, playable, duration, reason = '' } of found) {
      // What a probe has told is more.
      if (probes.get(name)?.playable && playable) continue;
      probes.set(name, playable ? { playable, streams: 0, duration } : { playable, found: true, reason });
    }
  }

  /** Learns about a file first, then about the others, while this connection lasts. */
  async function look(first?: string): Promise<void> {
    const { signal } = channel;
    if (first) await probeFile(first);
    try {
      await open(folder.value);
    } catch {
      // A server that does not list its files still tells of each.
      for (const { name } of files.value) {
        if (name !== first && !signal.aborted) await probeFile(name);
      }
    }
  }

  /** The file of this name, listed or not. */
  function find(name: string): MediaFile {
    const known = files.value.find((file) => file.name === name);
    if (known) return known;
    const file: MediaFile = { name, kind: soundNames.test(name) ? 'audio' : 'video' };
    named.value = [...named.value, file];
    return file;
  }

  return { folder, folders, files, first, probes, probeFile, open, look, find };
}
