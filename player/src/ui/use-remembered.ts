import { type Ref, ref, watch } from 'vue';

/** A value that the browser keeps for the next visit, where it lets the page keep anything. */
export function useRemembered<T>(name: string, initial: T): Ref<T> {
  const key = `janus-play.${name}`;
  const value = ref(read(key) ?? initial) as Ref<T>;
  watch(value, (now) => {
    try {
      localStorage.setItem(key, JSON.stringify(now));
    } catch {
      // Storage is off, or full: the value lasts as long as the page.
    }
  });
  return value;

  function read(from: string): T | undefined {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(from) ?? 'null');
      return typeof kept === typeof initial ? (kept as T) : undefined;
    } catch {
      return undefined;
    }
  }
}
