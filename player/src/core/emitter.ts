type Listener<T> = (value: T) => void;

/** Events with typed names and values. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();

  /** Calls `listener` at every event of this name; the returned function ends that. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** The next event of this name that `matches`; rejects with the signal's reason when that aborts first. */
  next<Name extends keyof Events>(
    name: Name,
    signal: AbortSignal,
    matches: (value: Events[Name]) => boolean = () => true,
  ): Promise<Events[Name]> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        off();
        reject(signal.reason);
      };
      const off = this.on(name, (value) => {
        if (!matches(value)) return;
        off();
        signal.removeEventListener('abort', abort);
        resolve(value);
      });
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort);
    });
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])])
      (listener as Listener<Events[Name]>)(value);
  }

  /** Forgets every listener. */
  clear(): void {
    this.#listeners.clear();
  }
}
