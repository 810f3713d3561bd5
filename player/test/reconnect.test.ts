import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Channel } from '../src/core/channel.ts';
import { PlayError } from '../src/core/errors.ts';
import { keepOpen } from '../src/core/reconnect.ts';
import { FakeGateway } from './support/fake-gateway.ts';

let gateway: FakeGateway;
let channel: Channel;
let end: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  gateway = new FakeGateway();
  channel = new Channel({ gateway, server: 'https://media.example/janus' });
  end = keepOpen(channel, [100, 200]);
});

afterEach(() => {
  end();
  vi.useRealTimers();
});

it('opens again what was lost', async () => {
  await channel.open();
  gateway.session.options.onLost(new PlayError('lost'));
  await vi.advanceTimersByTimeAsync(100);
  expect(channel.state).toBe('webrtcUp');
});

it('waits longer each time, and gives up', async () => {
  const attempts: number[] = [];
  channel.on('state', ({ state }) => state === 'initialized' && attempts.push(Date.now() - start));
  gateway.faults.connect = new PlayError('unreachable');
  const start = Date.now();
  await channel.open().catch(() => {});
  await vi.advanceTimersByTimeAsync(10_000);
  expect(attempts).toEqual([100, 300]);
  expect(channel.state).toBe('failed');
});

it('does not repeat what will fail again', async () => {
  gateway.faults.attach = new PlayError('no-plugin');
  await channel.open().catch(() => {});
  expect(vi.getTimerCount()).toBe(0);
});

it('ends when told to', async () => {
  await channel.open();
  gateway.session.options.onLost(new PlayError('lost'));
  end();
  await vi.advanceTimersByTimeAsync(1000);
  expect(channel.state).toBe('failed');
  expect(vi.getTimerCount()).toBe(0);
});

it('leaves alone what was closed', async () => {
  await channel.open();
  gateway.session.options.onLost(new PlayError('lost'));
  await channel.close();
  await vi.advanceTimersByTimeAsync(1000);
  expect(channel.state).toBe('closed');
});
