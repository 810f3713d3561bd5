import { describe, expect, it } from 'vitest';
import { parseMessage, parseProbe } from '../src/core/protocol.ts';

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
  [{ tms_play_event: 'launch.play' }, { event: 'launch.play' }],
  [{ code: 400, reason: 'no file' }, { error: { code: 400, reason: 'no file' } }],
  [{ error_code: 499, error: 'unknown' }, { error: { code: 499, reason: 'unknown' } }],
  ['nonsense', { event: '' }],
])('reads the message %j', (data, message) => expect(parseMessage(data)).toEqual(message));
