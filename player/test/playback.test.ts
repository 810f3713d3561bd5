import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Channel } from '../src/core/channel.ts';
import type { PlayError } from '../src/core/errors.ts';
import { Playback, type PlaybackState } from '../src/core/playback.ts';
import { FakeGateway } from './support/fake-gateway.ts';

let gateway: FakeGateway;
let channel: Channel;
let playback: Playback;
let states: PlaybackState[];
let ended: (string | undefined)[];

beforeEach(async () => {
  vi.useFakeTimers();
  gateway = new FakeGateway();
  gateway.files.set('film.mp4', { streams: 2, duration: 90_500_000 });
  gateway.files.set('other.mp4', { streams: 1, duration: 1 });
  channel = new Channel({ gateway, server: 'https://media.example/janus' });
  playback = new Playback(channel);
  states = [];
  ended = [];
  playback.on('state', ({ state }) => states.push(state));
  playback.on('ended', ({ file }) => ended.push(file));
  await channel.open();
  gateway.requests.length = 0;
});

afterEach(() => vi.useRealTimers());

describe('a film', () => {
  it('plays, pauses, resumes and stops', async () => {
    await playback.play('film.mp4');
    expect(playback.file).toBe('film.mp4');
    await playback.pause();
    await playback.resume();
    await playback.stop();
    expect(states).toEqual(['going', 'paused', 'going', 'ready']);
    expect(gateway.requests).toEqual(['ctrl.play', 'ctrl.play', 'ctrl.play', 'stop.play']);
    expect(ended).toEqual([]);
    expect(playback.file).toBeUndefined();
  });

  it('says when it has ended', async () => {
    await playback.play('film.mp4');
    gateway.session.handle.end();
    expect(playback.state).toBe('ready');
    expect(ended).toEqual(['film.mp4']);
  });

  it('does not begin anew when it is paused just as it ends', async () => {
    await playback.play('film.mp4');
    const { handle } = gateway.session;
    const send = handle.send.bind(handle);
    handle.send = (body) => {
      handle.send = send;
      handle.end();
      return send(body);
    };
    await playback.pause();
    expect(playback.state).toBe('ready');
    expect(ended).toEqual(['film.mp4']);
  });

  it('gives way to the next one', async () => {
    await playback.play('film.mp4');
    await playback.play('other.mp4');
    expect(states).toEqual(['going', 'ready', 'going']);
    expect(playback.file).toBe('other.mp4');
    expect(ended).toEqual([]);
  });

  it('counts the seconds it plays, not those it pauses', async () => {
    await playback.play('film.mp4');
    await vi.advanceTimersByTimeAsync(4000);
    await playback.pause();
    await vi.advanceTimersByTimeAsync(60_000);
    await playback.resume();
    await vi.advanceTimersByTimeAsync(2000);
    expect(playback.position).toBeCloseTo(6);
    await playback.play('other.mp4');
    expect(playback.position).toBeCloseTo(0);
  });
});

describe('commands', () => {
  it('run one after another', async () => {
    await Promise.all([playback.play('film.mp4'), playback.pause(), playback.resume(), playback.pause()]);
    expect(states).toEqual(['going', 'paused', 'going', 'paused']);
  });

  it('ask nothing when there is nothing to do', async () => {
    await playback.pause();
    await playback.resume();
    await playback.stop();
    expect(gateway.requests).toEqual([]);
  });

  it('fail for a file that is not there, and the next one works', async () => {
    await expect(playback.play('none.mp4')).rejects.toMatchObject({ code: 'no-such-file' });
    expect(playback.file).toBeUndefined();
    await playback.play('film.mp4');
    expect(playback.state).toBe('going');
  });

  it('settle in time when the server is silent', async () => {
    gateway.faults.silent = ['ctrl.play'];
    const playing = playback.play('film.mp4').catch((error: PlayError) => error.code);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await playing).toBe('no-answer');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('settle when the channel closes', async () => {
    gateway.faults.silent = ['ctrl.play'];
    const playing = playback.play('film.mp4').catch((error: PlayError) => error.code);
    await vi.advanceTimersByTimeAsync(1);
    await channel.close();
    expect(await playing).toBe('closed');
  });
});

it('is ready again when the channel is lost', async () => {
  await playback.play('film.mp4');
  gateway.session.handle.events.down('ICE failed');
  expect(playback.state).toBe('ready');
  expect(ended).toEqual([]);
});

describe('a probe', () => {
  it('tells what a file is', async () => {
    expect(await playback.probe('film.mp4')).toEqual({ playable: true, streams: 2, duration: 90.5 });
  });

  it('tells that there is none', async () => {
    expect(await playback.probe('none.mp4')).toEqual({ playable: false, found: false, reason: '' });
  });
});
