import type { Channel } from './channel.ts';
import type { ErrorCode } from './errors.ts';

/** What may mend itself: a network that is back, a server that has started again. */
const passing: readonly ErrorCode[] = ['lost', 'unreachable', 'no-answer'];

export const reconnectDelays: readonly number[] = [500, 1000, 2000, 4000, 8000, 8000, 8000, 8000];

/**
 * Opens the channel again when it fails for a reason that may pass, waiting a little longer each time.
 * The returned function ends that.
 */
export function keepOpen(channel: Channel, delays = reconnectDelays): () => void {
  let attempt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const off = channel.on('state', ({ state, error }) => {
    clearTimeout(timer);
    if (state === 'webrtcUp' || state === 'closed') attempt = 0;
    if (state !== 'failed' || !error || !passing.includes(error.code) || attempt >= delays.length) return;
    timer = setTimeout(() => channel.open().catch(() => {}), delays[attempt++]);
  });
  return () => {
    clearTimeout(timer);
    off();
  };
}
