import { onScopeDispose } from 'vue';

/** Calls the action of a key, unless it is meant for what has the focus. */
export function useKeys(actions: Record<string, () => unknown>): void {
  function press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target as HTMLElement;
    if (target.closest('input, textarea, select')) return;
    if (event.key === ' ' && target.closest('button, a')) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }
  addEventListener('keydown', press);
  onScopeDispose(() => removeEventListener('keydown', press));
}
