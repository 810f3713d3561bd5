import { onScopeDispose, type Ref, watch } from 'vue';

/** Calls the action of a key that is pressed within `target`, unless it is meant for what has the focus. */
export function useKeys(
  target: Readonly<Ref<HTMLElement | Window | null>>,
  actions: Record<string, () => unknown>,
): void {
  function press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    // Seen from outside of a shadow tree, the target would be its host.
    const focused = event.composedPath()[0] as HTMLElement;
    const typing = focused.closest?.('input, textarea, select');
    if (typing && (!typing.matches('[type=range]') || event.key.startsWith('Arrow'))) return;
    if (event.key === ' ' && focused.closest?.('button, a')) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }
  const listener = press as EventListener;
  watch(
    target,
    (element, _, onCleanup) => {
      element?.addEventListener('keydown', listener);
      onCleanup(() => element?.removeEventListener('keydown', listener));
    },
    { immediate: true },
  );
  onScopeDispose(() => target.value?.removeEventListener('keydown', listener));
}
