import type { Channel } from './channel.ts';
import { type ErrorCode, PlayError } from './errors.ts';
import type { Playback, Playing } from './playback.ts';

/** What may mend itself: a network that is back, a server that has started again. */
const passing: readonly ErrorCode[] = ['lost', 'unreachable', 'no-answer', 'restarting'];

/** Waits before each new try, in ms: two minutes in all, after which it is left to the viewer. */
export const reconnectDelays: readonly number[] = [
  250,
  500,
  1000,
  2000,
  4000,
  ...Array<number>(14).fill(8000),
];

/**
 * Opens the channel again when it fails for a reason that may pass, waiting a little longer each time; at once when
 * the browser says that the network is back. The returned function ends that.
 */
export function keepOpen(channel: Channel, delays = reconnectDelays): () => void {
  let attempt = 0;
  /** Media that found no way look for it once more: the network may have changed meanwhile. */
  let looksAgain = true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const retry = () => void channel.open().catch(() => {});
  const off = channel.on('state', ({ state, error }) => {
    clearTimeout(timer);
    timer = undefined;
    if (state === 'webrtcUp' || state === 'closed') {
      attempt = 0;
      looksAgain = true;
    }
    if (state !== 'failed' || !error) return;
    // A server that says that it will be back is waited for however long it takes.
    if (error.code === 'restarting') attempt = Math.min(attempt, delays.length - 1);
    if (attempt >= delays.length) return;
    const noPath = error.code === 'no-media-path';
    if (noPath ? !looksAgain : !passing.includes(error.code)) return;
    if (noPath) looksAgain = false;
    timer = setTimeout(retry, delays[attempt++]);
  });
  const online = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    retry();
  };
  globalThis.addEventListener?.('online', online);
  return () => {
    clearTimeout(timer);
    globalThis.removeEventListener?.('online', online);
    off();
  };
}

/**
 * Plays on, when the channel is up again, what played when it was lost: from the position last shown, paused if it
 * was. `onFailure` hears why that did not succeed. The returned function ends it.
 */
export function keepPlaying(
  channel: Channel,
  playback: Playback,
  onFailure: (error: PlayError) => void = () => {},
): () => void {
  let interrupted: Playing | undefined;
  const offs = [
    playback.on('interrupted', (playing) => {
      interrupted = playing;
    }),
    channel.on('state', ({ state }) => {
      if (state === 'closed') interrupted = undefined;
      if (state !== 'webrtcUp' || !interrupted) return;
      const playing = interrupted;
      interrupted = undefined;
      playOn(playback, playing).catch((error) => {
        // Lost again: the next connection plays on.
        if (channel.state === 'failed') interrupted = playing;
        else onFailure(PlayError.from(error));
      });
    }),
  ];
  return () => {
    for (const off of offs) off();
  };
}

async function playOn(
  playback: Playback,
  { state, file, position, loop, playlist, item, sound }: Playing,
): Promise<void> {
  await playback.play(playlist ?? file, { start: position, loop, item, sound });
  if (state === 'paused') await playback.pause();
}
