import { onScopeDispose, type Ref, ref, watch } from 'vue';

/** Longest wait for a first frame before a file counts as sound alone. */
const patience = 2000;

/**
 * Whether the element shows a frame of the file that plays: before the first one it still holds the last file's,
 * and a file may have no picture at all.
 */
export function usePicture(
  element: Readonly<Ref<HTMLVideoElement | null>>,
  active: Readonly<Ref<boolean>>,
  expected: Readonly<Ref<boolean>>,
) {
  const picture = ref<'awaited' | 'shown' | 'none'>('awaited');
  let end = () => {};

  watch(active, (now) => {
    end();
    picture.value = now && !expected.value ? 'none' : 'awaited';
    const video = element.value;
    if (!now || !video) return;
    if (!video.requestVideoFrameCallback) {
      // A browser that cannot tell: what is expected counts.
      if (expected.value) picture.value = 'shown';
      return;
    }
    const frame = video.requestVideoFrameCallback(() => {
      picture.value = 'shown';
    });
    const timer = setTimeout(() => {
      if (picture.value === 'awaited') picture.value = 'none';
    }, patience);
    end = () => {
      video.cancelVideoFrameCallback(frame);
      clearTimeout(timer);
    };
  });
  onScopeDispose(() => end());
  return picture;
}
