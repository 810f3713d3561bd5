import { type ErrorCode, PlayError } from './errors.ts';

/**
 * Runs `work` with a signal that aborts when `signal` does, after `ms`, and when the work is done:
 * settles in that time whatever `work` does, and leaves no timer and no listener.
 */
export function within<T>(
  ms: number,
  code: ErrorCode,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const stop = () => limit.abort(signal.reason);
    const timer = setTimeout(() => limit.abort(new PlayError(code, `no answer in ${ms / 1000} s`)), ms);
    limit.signal.addEventListener('abort', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      reject(limit.signal.reason);
    });
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop);
    work(limit.signal)
      .then(resolve, reject)
      .finally(() => limit.abort());
  });
}

/** Resolves after `ms`, or as soon as `signal` aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
