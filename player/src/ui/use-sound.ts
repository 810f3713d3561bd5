import { type Ref, ref, watch } from 'vue';
import { useRemembered } from './use-remembered.ts';

/** Volume of the stage's element, and what to do when the browser does not let it sound. */
export function useSound(element: Readonly<Ref<HTMLMediaElement | null>>) {
  const volume = useRemembered('volume', 1);
  const muted = ref(false);
  /** The browser plays without sound until the viewer asks for it. */
  const blocked = ref(false);

  watch([element, volume, muted], ([media]) => {
    if (!media) return;
    media.volume = volume.value;
    media.muted = muted.value;
  });

  /** Starts the element; with no sound where only that is allowed. */
  async function start(): Promise<void> {
    const media = element.value;
    if (!media) return;
    if (blocked.value) unblock();
    try {
      await media.play();
    } catch (error) {
      if ((error as Error).name !== 'NotAllowedError') return;
      blocked.value = media.muted = muted.value = true;
      await media.play().catch(() => {});
    }
  }

  function unblock(): void {
    muted.value = blocked.value = false;
    if (element.value) element.value.muted = false;
  }

  function setVolume(value: number): void {
    volume.value = Math.min(1, Math.max(0, value));
    muted.value = volume.value === 0;
    blocked.value = false;
  }

  function toggleMuted(): void {
    muted.value = !muted.value;
    blocked.value = false;
  }

  return {
    volume,
    muted,
    blocked,
    start,
    unblock,
    setVolume,
    changeVolume: (by: number) => setVolume(volume.value + by),
    toggleMuted,
  };
}

export type Sound = ReturnType<typeof useSound>;
