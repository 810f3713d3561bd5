import { computed, onScopeDispose, type Ref, ref, shallowRef, watch } from 'vue';
import type { MediaFile } from '../core/index.ts';
import { useRemembered } from './use-remembered.ts';

export interface ExtrasOptions {
  /** Where to ask; nothing is known of any file without it. */
  url?: string;
  token?: string;
}

/**
 * What the chosen file has beside picture and sound: captions, of which those in one language may be shown, and the
 * cover of a sound file.
 * @param position where the file is, in seconds
 */
export function useExtras(
  { url, token }: ExtrasOptions,
  file: Readonly<Ref<MediaFile | undefined>>,
  position: Readonly<Ref<number>>,
) {
  /** Languages that the file has captions in. */
  const languages = ref<string[]>([]);
  /** Address of the cover, good within this page. */
  const cover = ref<string>();
  const cues = shallowRef<VTTCue[]>([]);
  /** The viewer's language of captions, also when they are off or the file has none in it. */
  const preferred = useRemembered('captions', '');
  const on = useRemembered('captions-on', false);
  /** The language that is shown; empty where none is. */
  const language = computed(() => {
    if (!on.value) return '';
    return languages.value.includes(preferred.value) ? preferred.value : (languages.value[0] ?? '');
  });
  const captions = computed(() =>
    cues.value.filter(({ startTime, endTime }) => startTime <= position.value && position.value < endTime),
  );

  /** Asks about the file; captions and covers are an addition, so that what fails here is passed over. */
  async function ask(name: string, query: string, signal: AbortSignal): Promise<Response | undefined> {
    if (!url) return undefined;
    const address = `${url}${name.split('/').map(encodeURIComponent).join('/')}${query}`;
    const headers: HeadersInit = token ? { authorization: `Bearer ${token}` } : {};
    const response = await fetch(address, { headers, signal }).catch(() => undefined);
    return response?.ok ? response : undefined;
  }

  watch(
    file,
    async (chosen, _, onCleanup) => {
      const life = new AbortController();
      onCleanup(() => life.abort());
      languages.value = [];
      forgetCover();
      const answer = chosen && (await ask(chosen.name, '', life.signal));
      const known = await answer?.json().catch(() => undefined);
      if (!chosen || life.signal.aborted || !known) return;
      languages.value = Array.isArray(known.captions) ? known.captions : [];
      if (known.cover !== true || chosen.kind !== 'audio') return;
      const picture = await (await ask(chosen.name, '?cover', life.signal))?.blob().catch(() => undefined);
      if (picture && !life.signal.aborted) cover.value = URL.createObjectURL(picture);
    },
    { immediate: true },
  );

  watch([file, language], async ([chosen, shown], _, onCleanup) => {
    const life = new AbortController();
    onCleanup(() => life.abort());
    cues.value = [];
    if (!chosen || !shown) return;
    const query = `?captions=${encodeURIComponent(shown)}`;
    const text = await (await ask(chosen.name, query, life.signal))?.text().catch(() => '');
    const parsed = text ? await parseCaptions(text, life.signal) : [];
    if (!life.signal.aborted) cues.value = parsed;
  });

  function forgetCover(): void {
    if (cover.value) URL.revokeObjectURL(cover.value);
    cover.value = undefined;
  }
  onScopeDispose(forgetCover);

  /** Shows captions in a language, or none. */
  function show(wanted: string): void {
    on.value = wanted !== '';
    if (wanted) preferred.value = wanted;
  }

  return {
    languages,
    language,
    captions,
    cover,
    show,
    /** Shows or hides captions, in the language shown last. */
    toggle: () => show(language.value ? '' : preferred.value || (languages.value[0] ?? '')),
  };
}

export type Extras = ReturnType<typeof useExtras>;

/**
 * The cues of a WebVTT file, read by the browser itself. A track of the picture's own element would be of no use: that
 * element plays a live stream and does not know where in the film it is.
 */
function parseCaptions(text: string, signal: AbortSignal): Promise<VTTCue[]> {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/vtt' }));
  const track = document.createElement('track');
  const done = (cues: VTTCue[]) => {
    URL.revokeObjectURL(address);
    return cues;
  };
  return new Promise<VTTCue[]>((resolve) => {
    track.addEventListener('load', () => resolve([...(track.track.cues ?? [])] as VTTCue[]));
    track.addEventListener('error', () => resolve([]));
    signal.addEventListener('abort', () => resolve([]));
    track.src = address;
    document.createElement('video').append(track);
    track.track.mode = 'hidden';
  }).then(done);
}
