import { describe, expect, it } from 'vitest';
import { parseListing, parseMessage, parseProbe, parseStatus } from '../src/core/protocol.ts';

describe('a probe’s answer', () => {
  it('tells streams and duration', () => {
    expect(parseProbe({ code: 0, streams: 2, duration: 90_500_000 })).toEqual({
      playable: true,
      streams: 2,
      duration: 90.5,
    });
  });

  it.each([undefined, {}, { code: 0, streams: [], duration: -1 }])('%j tells nothing', (answer) => {
    expect(parseProbe(answer)).toEqual({ playable: true, streams: 0, duration: undefined });
  });

  it('says that there is no such file', () => {
    expect(parseProbe({ code: 404, path: 'a.mp4' })).toEqual({ playable: false, found: false, reason: '' });
  });

  it('says why a file is not played', () => {
    const answer = { code: 400, path: 'a.mp4', reason: 'the video has B-frames' };
    expect(parseProbe(answer)).toEqual({ playable: false, found: true, reason: 'the video has B-frames' });
  });
});

it.each([
  [{ tms_play_event: 'exit.play' }, { event: 'exit.play' }],
  [{ code: 400, reason: 'no file' }, { error: { code: 400, reason: 'no file' } }],
  [{ error_code: 499, error: 'unknown' }, { error: { code: 499, reason: 'unknown' } }],
  ['nonsense', { event: '' }],
])('reads the message %j', (data, message) => expect(parseMessage(data)).toMatchObject(message));

describe('a status', () => {
  it('is told in seconds', () => {
    const answer = { code: 0, state: 'paused', file: 'a.mp4', position: 1500, duration: 60_000, loop: true };
    expect(parseStatus(answer)).toEqual({
      state: 'paused',
      file: 'a.mp4',
      position: 1.5,
      duration: 60,
      loop: true,
    });
  });

  it.each([undefined, {}, { state: 'dancing' }])('is not in %j', (answer) =>
    expect(parseStatus(answer)).toBeUndefined());

  it('is read where half of it is missing', () =>
    expect(parseStatus({ state: 'going', playlist: [1, 'a.mp4'], position: 'x' })).toEqual({
      state: 'going',
      file: '',
      position: 0,
      duration: 0,
      loop: false,
      playlist: ['a.mp4'],
      item: 0,
    }));
});

it('reads a listing as far as it is one', () => {
  expect(parseListing({ files: [{ name: 'a.mp3', kind: 'audio', duration: 2500 }, 7, {}] })).toEqual({
    folder: '',
    folders: [],
    total: 3,
    files: [
      {
        name: 'a.mp3',
        kind: 'audio',
        duration: 2.5,
        playable: true,
        reason: undefined,
        size: undefined,
      },
    ],
  });
});
