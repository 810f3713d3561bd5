import { describe, expect, it } from 'vitest';
import { parseMessage, parseProbe } from '../src/core/protocol.ts';

describe('a probe’s answer', () => {
  it('may only count the streams', () => {
    expect(parseProbe({ code: 0, streams: 2, duration: 90_500_000 })).toEqual({
      playable: true,
      count: 2,
      streams: [],
      duration: 90.5,
    });
  });

  it.each<[string, unknown]>([
    ['as a list', [{ type: 'video', codec: 'h264', width: 640, height: 360, fps: 25 }]],
    ['by kind', { video: { codec_name: 'h264', width: 640, height: 360, frame_rate: 25 } }],
  ])('may describe the streams %s', (_, streams) => {
    expect(parseProbe({ code: 0, streams, duration: 1_000_000 })).toMatchObject({
      count: 1,
      streams: [{ kind: 'video', codec: 'h264', width: 640, height: 360, frameRate: 25 }],
    });
  });

  it('may say nothing at all', () => {
    expect(parseProbe(undefined)).toEqual({ playable: true, count: 0, streams: [], duration: undefined });
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
