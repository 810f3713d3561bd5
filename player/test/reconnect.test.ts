import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Channel } from '../src/core/channel.ts';
import { PlayError } from '../src/core/errors.ts';
import { Playback } from '../src/core/playback.ts';
import { keepOpen, keepPlaying } from '../src/core/reconnect.ts';
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

it('waits for a server that is about to be started anew, however long', async () => {
  gateway.faults.connect = new PlayError('restarting');
  await channel.open().catch(() => {});
  await vi.advanceTimersByTimeAsync(10_000);
  gateway.faults.connect = undefined;
  await vi.advanceTimersByTimeAsync(200);
  expect(channel.state).toBe('webrtcUp');
});

it('does not repeat what will fail again', async () => {
  gateway.faults.attach = new PlayError('no-plugin');
  await channel.open().catch(() => {});
  expect(vi.getTimerCount()).toBe(0);
});

it('looks for a way of media once more, each time that there was one', async () => {
  for (let round = 0; round < 2; round++) {
    gateway.faults.noMedia = true;
    gateway.requests.length = 0;
    void channel.open().catch(() => {});
    await vi.advanceTimersByTimeAsync(60_000);
    expect(gateway.requests).toEqual(Array(2).fill(['request.offer', 'push.answer']).flat());
    expect(channel.state).toBe('failed');
    expect(vi.getTimerCount()).toBe(0);
    gateway.faults.noMedia = false;
    await channel.open();
    gateway.faults.noMedia = true;
    gateway.session.options.onLost(new PlayError('refused'));
  }
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

it('opens at once when the network is back', async () => {
  await channel.open();
  gateway.session.options.onLost(new PlayError('lost'));
  dispatchEvent(new Event('online'));
  await vi.advanceTimersByTimeAsync(1);
  expect(channel.state).toBe('webrtcUp');
});

describe('what played', () => {
  let playback: Playback;
  const failures: PlayError[] = [];

  beforeEach(async () => {
    failures.length = 0;
    gateway.files.set('film.mp4', { streams: 2, duration: 90_000_000 });
    gateway.files.set('other.mp4', { streams: 2, duration: 90_000_000 });
    playback = new Playback(channel);
    const stop = keepPlaying(channel, playback, (error) => failures.push(error));
    const keepEnd = end;
    end = () => {
      stop();
      keepEnd();
    };
    await channel.open();
  });

  const lose = async (outage = 0) => {
    if (outage) gateway.faults.connect = new PlayError('unreachable');
    gateway.session.options.onLost(new PlayError('lost'));
    await vi.advanceTimersByTimeAsync(outage);
    gateway.faults.connect = undefined;
    await vi.advanceTimersByTimeAsync(300);
  };

  it('plays on from where it was', async () => {
    await playback.play('film.mp4', { start: 20, loop: true });
    await vi.advanceTimersByTimeAsync(5000);
    await lose(90);
    expect(channel.state).toBe('webrtcUp');
    expect(playback.status).toMatchObject({ state: 'going', file: 'film.mp4', loop: true });
    expect(gateway.bodies).toContainEqual({
      request: 'ctrl.play',
      file: 'film.mp4',
      start: 25_000,
      loop: true,
    });
  });

  it('is heard in the language chosen before', async () => {
    gateway.files.set('languages.mp4', { streams: 3, duration: 60_000_000, languages: ['eng', 'deu'] });
    await playback.play('languages.mp4');
    await playback.setSound(1);
    await lose();
    expect(playback.status).toMatchObject({ state: 'going', sound: 1 });
  });

  it('stays paused', async () => {
    await playback.play('film.mp4', { start: 20 });
    await playback.pause();
    await lose();
    expect(playback.status).toMatchObject({ state: 'paused', position: 20 });
  });

  it('goes on in its playlist', async () => {
    await playback.play(['film.mp4', 'other.mp4'], { item: 1, start: 7 });
    await lose();
    expect(playback.status).toMatchObject({ file: 'other.mp4', item: 1 });
  });

  it('stays stopped when it was stopped', async () => {
    await playback.play('film.mp4');
    await playback.stop();
    await lose();
    expect(channel.state).toBe('webrtcUp');
    expect(playback.state).toBe('ready');
  });

  it('is given up when the channel is closed', async () => {
    await playback.play('film.mp4');
    await channel.close();
    await channel.open();
    expect(playback.state).toBe('ready');
  });

  it('says when it cannot', async () => {
    await playback.play('film.mp4');
    gateway.files.delete('film.mp4');
    await lose();
    expect(failures).toMatchObject([{ code: 'no-such-file' }]);
  });
});
