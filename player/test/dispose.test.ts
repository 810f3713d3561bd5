/** What is disposed of leaves nothing running. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Channel } from '../src/core/channel.ts';
import { Playback } from '../src/core/playback.ts';
import { keepOpen, keepPlaying } from '../src/core/reconnect.ts';
import { FakeGateway } from './support/fake-gateway.ts';

let gateway: FakeGateway;
/** Listeners of the window that were added and not removed. */
let listening: Set<unknown>;

beforeEach(() => {
  vi.useFakeTimers();
  gateway = new FakeGateway();
  gateway.files.set('film.mp4', { streams: 2, duration: 90_000_000 });
  listening = new Set();
  vi.stubGlobal('addEventListener', (_: string, listener: unknown) => listening.add(listener));
  vi.stubGlobal('removeEventListener', (_: string, listener: unknown) => listening.delete(listener));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const begin = () => {
  const channel = new Channel({
    gateway,
    server: 'https://media.example/janus',
    iceServers: async () => [{ urls: 'turn:a', username: `${Math.floor(Date.now() / 1000) + 3600}:id` }],
  });
  const playback = new Playback(channel);
  const ends = [keepOpen(channel), keepPlaying(channel, playback)];
  return {
    channel,
    playback,
    dispose() {
      for (const end of ends) end();
      playback.dispose();
      return channel.dispose();
    },
  };
};

it.each<[string, (all: ReturnType<typeof begin>) => Promise<unknown>]>([
  ['before it was opened', async () => {}],
  ['while it opens', async ({ channel }) => void channel.open().catch(() => {})],
  [
    'while media look for a way',
    async ({ channel }) => {
      gateway.faults.noMedia = true;
      channel.open().catch(() => {});
      await vi.advanceTimersByTimeAsync(100);
    },
  ],
  [
    'while a film plays',
    async ({ channel, playback }) => {
      await channel.open();
      await playback.play('film.mp4');
    },
  ],
  [
    'while the server owes an answer',
    async ({ channel, playback }) => {
      await channel.open();
      gateway.faults.silent = ['ctrl.play'];
      playback.play('film.mp4').catch(() => {});
      await vi.advanceTimersByTimeAsync(100);
    },
  ],
  [
    'while it waits to open again',
    async ({ channel }) => {
      await channel.open();
      gateway.session.handle.events.down('ICE failed');
    },
  ],
])('%s', async (_, reach) => {
  const all = begin();
  const heard = vi.fn();
  expect(listening.size).toBe(1);
  await reach(all);
  all.channel.on('state', heard);
  all.playback.on('status', heard);
  await all.dispose();
  heard.mockClear();
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(0);
  expect(listening.size).toBe(0);
  expect(gateway.sessions.size).toBe(0);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(heard).not.toHaveBeenCalled();
});
