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
  gateway.files.set('other.mp4', { streams: 1, duration: 10_000_000 });
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
    expect(playback.duration).toBe(90.5);
    await playback.pause();
    await playback.resume();
    await playback.stop();
    expect(states).toEqual(['going', 'paused', 'going', 'ready']);
    expect(gateway.requests).toEqual(['ctrl.play', 'ctrl.pause', 'ctrl.resume', 'stop.play']);
    expect(ended).toEqual([]);
    expect(playback.file).toBeUndefined();
  });

  it('always begins anew, never toggles', async () => {
    await playback.play('film.mp4');
    expect(gateway.bodies.at(-1)).toEqual({ request: 'ctrl.play', file: 'film.mp4', start: 0, loop: false });
  });

  it('begins where it is told to', async () => {
    await playback.play('film.mp4', { start: 12.5, loop: true });
    expect(playback.position).toBeCloseTo(12.5);
    expect(playback.loop).toBe(true);
  });

  it('says when it has ended', async () => {
    await playback.play('film.mp4');
    await vi.advanceTimersByTimeAsync(1000);
    gateway.session.handle.end();
    expect(playback.state).toBe('ready');
    expect(ended).toEqual(['film.mp4']);
  });

  it('says why it broke off', async () => {
    const errors: (PlayError | undefined)[] = [];
    playback.on('ended', ({ error }) => errors.push(error));
    await playback.play('film.mp4');
    await vi.advanceTimersByTimeAsync(1000);
    gateway.session.handle.break('the file ends in the middle of a frame');
    expect(errors).toMatchObject([{ code: 'cannot-play', detail: 'the file ends in the middle of a frame' }]);
    expect(playback.state).toBe('ready');
  });

  it('gives way to the next one in the same connection', async () => {
    await playback.play('film.mp4');
    await playback.play('other.mp4');
    expect(states).toEqual(['going']);
    expect(playback.file).toBe('other.mp4');
    expect(ended).toEqual([]);
  });

  it('does not end with what it replaced', async () => {
    await playback.play('film.mp4');
    await playback.play('other.mp4');
    // The farewell of the first film was still under way.
    gateway.session.handle.say('exit.play');
    await vi.advanceTimersByTimeAsync(1);
    expect(gateway.requests.at(-1)).toBe('get.status');
    expect(playback.file).toBe('other.mp4');
  });

  it('is heard in another language when asked to', async () => {
    gateway.files.set('languages.mp4', { streams: 3, duration: 10_000_000, languages: ['eng', 'deu'] });
    await playback.play('languages.mp4', { sound: 1 });
    expect(playback.status).toMatchObject({ sounds: [{ language: 'eng' }, { language: 'deu' }], sound: 1 });
    await playback.setSound(0);
    expect(playback.status).toMatchObject({ sound: 0 });
    await playback.play('other.mp4');
    expect(playback.status).not.toHaveProperty('sounds');
  });

  it('can be looped while it plays', async () => {
    await playback.play('other.mp4');
    await playback.setLoop(true);
    expect(playback.loop).toBe(true);
    await vi.advanceTimersByTimeAsync(11_000);
    expect(playback.position).toBeCloseTo(1);
  });
});

describe('the position', () => {
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

  it('ends with the file', async () => {
    await playback.play('other.mp4');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(playback.position).toBe(10);
  });

  it('is what the server says', async () => {
    await playback.play('film.mp4');
    await vi.advanceTimersByTimeAsync(1000);
    const { handle } = gateway.session;
    handle.say('position', { ...handle.status, position: 700 });
    expect(playback.position).toBeCloseTo(0.7);
    await vi.advanceTimersByTimeAsync(1000);
    expect(playback.position).toBeCloseTo(1.7);
  });

  it('stands still when the server does not report it any more', async () => {
    await playback.play('film.mp4');
    await vi.advanceTimersByTimeAsync(1000);
    const { handle } = gateway.session;
    handle.say('position', handle.status);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(playback.position).toBeCloseTo(3);
  });

  it('does not go back to what the server said before a seek', async () => {
    await playback.play('film.mp4');
    await vi.advanceTimersByTimeAsync(1000);
    const { handle } = gateway.session;
    const before = handle.status;
    await playback.seek(60);
    handle.say('position', before);
    expect(playback.position).toBeCloseTo(60);
  });
});

describe('a seek', () => {
  it('goes to the key frame before', async () => {
    const seeking: number[] = [];
    const sought: number[] = [];
    playback.on('seeking', ({ position }) => seeking.push(position));
    playback.on('seeked', ({ position }) => sought.push(position));
    await playback.play('film.mp4');
    expect(await playback.seek(33)).toEqual({
      requested: 33,
      keyFrame: 32,
      position: 32,
      accurate: false,
      burst: undefined,
    });
    expect(playback.position).toBeCloseTo(32);
    expect([seeking, sought]).toEqual([[33], [32]]);
  });

  it('goes to the very picture when that is asked for', async () => {
    await playback.play('film.mp4');
    expect(await playback.seek(33, { accurate: true })).toMatchObject({
      position: 33,
      accurate: true,
      burst: 1000,
    });
  });

  it('is refused when nothing plays', async () => {
    await expect(playback.seek(3)).rejects.toMatchObject({ code: 'wrong-state' });
    expect(gateway.requests).toEqual([]);
  });

  it('leaves a pause a pause', async () => {
    await playback.play('film.mp4');
    await playback.pause();
    await playback.seek(40);
    expect(playback.state).toBe('paused');
    expect(playback.position).toBe(40);
  });
});

describe('a playlist', () => {
  it('goes from file to file', async () => {
    const items: object[] = [];
    playback.on('item', (item) => items.push(item));
    await playback.play(['film.mp4', 'other.mp4']);
    expect(playback.status).toMatchObject({ file: 'film.mp4', playlist: ['film.mp4', 'other.mp4'], item: 0 });
    await vi.advanceTimersByTimeAsync(1000);
    gateway.session.handle.end();
    expect(items).toEqual([{ file: 'other.mp4', item: 1 }]);
    expect(playback.status).toMatchObject({ file: 'other.mp4', item: 1 });
    gateway.session.handle.end();
    expect(ended).toEqual(['other.mp4']);
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

  it('fail at a server that does not know them', async () => {
    gateway.faults.refused = { 'ctrl.play': { code: 0 } };
    await expect(playback.play('film.mp4')).rejects.toMatchObject({ code: 'refused' });
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

describe('the files', () => {
  it('are listed with folders, durations and reasons', async () => {
    gateway.files.set('series/first.mp4', { streams: 2, duration: 1_000_000 });
    gateway.files.set('broken.mp4', { streams: 2, duration: 0, reason: 'the video has B-frames' });
    expect(await playback.list()).toMatchObject({
      folder: '',
      folders: ['series'],
      total: 3,
      files: [
        { name: 'film.mp4', kind: 'video', duration: 90.5, playable: true },
        { name: 'other.mp4' },
        { name: 'broken.mp4', playable: false, reason: 'the video has B-frames' },
      ],
    });
    expect((await playback.list('series')).files).toMatchObject([{ name: 'series/first.mp4' }]);
  });

  it('of a folder that is not there are an error', async () => {
    await expect(playback.list('none')).rejects.toMatchObject({ code: 'no-such-file' });
  });
});

describe('a probe', () => {
  it('tells what a file is', async () => {
    expect(await playback.probe('film.mp4')).toEqual({ playable: true, streams: 2, duration: 90.5 });
  });

  it('tells that there is none', async () => {
    expect(await playback.probe('none.mp4')).toEqual({ playable: false, found: false, reason: '' });
  });
});
