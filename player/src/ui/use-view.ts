import { onScopeDispose, type Ref, ref, watch } from 'vue';

/** How long (ms) the controls stay over the picture when nobody moves. */
const patience = 2500;

/** Full screen, picture-in-picture, and whether the viewer is idle. */
export function useView(
  panel: Readonly<Ref<HTMLElement | null>>,
  video: Readonly<Ref<HTMLVideoElement | null>>,
) {
  const fullscreen = ref(false);
  const pictureInPicture = ref(false);
  const idle = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;

  const wake = () => {
    idle.value = false;
    clearTimeout(timer);
    timer = setTimeout(rest, patience);
  };
  const rest = () => {
    clearTimeout(timer);
    idle.value = true;
  };
  const fillsScreen = () => {
    // Within a shadow tree it is that tree that knows the element.
    const root = panel.value?.getRootNode() as Document | ShadowRoot | undefined;
    return !!panel.value && root?.fullscreenElement === panel.value;
  };
  const onFullscreen = () => {
    fullscreen.value = fillsScreen();
    wake();
  };
  document.addEventListener('fullscreenchange', onFullscreen);

  watch(
    [panel, video],
    ([element, media], _, onCleanup) => {
      const life = new AbortController();
      const { signal } = life;
      for (const event of ['pointermove', 'pointerdown', 'keydown', 'focusin'])
        element?.addEventListener(event, wake, { signal });
      // A finger that is lifted leaves, too, and has called for the controls.
      const leaveStage = ({ pointerType }: PointerEvent) => pointerType === 'mouse' && rest();
      element?.addEventListener('pointerleave', leaveStage, { signal });
      const enter = () => {
        pictureInPicture.value = true;
      };
      const leave = () => {
        pictureInPicture.value = false;
      };
      media?.addEventListener('enterpictureinpicture', enter, { signal });
      media?.addEventListener('leavepictureinpicture', leave, { signal });
      onCleanup(() => life.abort());
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    clearTimeout(timer);
    document.removeEventListener('fullscreenchange', onFullscreen);
  });

  return {
    fullscreen,
    pictureInPicture,
    idle,
    pictureInPictureOffered: document.pictureInPictureEnabled === true,
    async toggleFullscreen(): Promise<void> {
      if (fillsScreen()) await document.exitFullscreen();
      else await panel.value?.requestFullscreen?.();
    },
    async togglePictureInPicture(): Promise<void> {
      if (pictureInPicture.value) await document.exitPictureInPicture();
      // Without a picture yet there is nothing to take out of the page.
      else await video.value?.requestPictureInPicture().catch(() => {});
    },
  };
}

export type View = ReturnType<typeof useView>;
