import { describe, expect, it } from 'vitest';
import { renderSound } from '../../scripts/lib/samples/sound.ts';
import { encodeFrame } from '../support/frame-counter.ts';
import type { Recording, ShownFrame } from '../support/page-recorder.ts';
import { judge } from '../support/playback.ts';

const sampleRate = 48000;
const start = 5000;

/** A recording of five perfect seconds, from frame 30 on, whose sound is `late` ms behind the picture. */
function record(late = 0): Recording {
  const frames = Array.from(
    { length: 125 },
    (_, index): ShownFrame => shown(30 + index, start + index * 40, index),
  );
  const sound = renderSound({ seconds: 7, sampleRate, channels: 1 }).subarray(
    (1.2 - late / 1000) * sampleRate,
  );
  const samples = sound.slice(0, 5 * sampleRate);
  return {
    from: start,
    to: start + 5000,
    frames,
    width: 854,
    height: 480,
    framesDecoded: 125,
    framesDropped: 0,
    chunks: Array.from({ length: 500 }, (_, index) => ({
      handedOver: start + index * 10 - 32,
      samples: 480,
    })),
    sampleRate,
    pcm: Buffer.from(samples.buffer).toString('base64'),
    outputDelay: 32,
  };
}

const shown = (frame: number, at: number, count: number): ShownFrame => ({
  levels: encodeFrame({ film: 1, frame }).map((cell) => 20 + 200 * cell),
  shown: at,
  position: frame * 40 + 777,
  count,
});

describe('a perfect recording', () => {
  it('is judged so', () => {
    expect(judge(record())).toMatchObject({
      duration: 5000,
      framesRead: 125,
      framesUnreadable: 0,
      fps: 25,
      first: { film: 1, frame: 30 },
      last: { film: 1, frame: 154 },
      missing: [],
      jumps: [],
      freezes: [],
    });
    expect(judge(record()).tones.map(({ second }) => second)).toEqual([2, 3, 4, 5, 6]);
  });

  it.each([-300, -40, 0, 40, 300])('with sound %i ms late measures as that', (late) => {
    const offset = judge(record(late)).avOffsetMs;
    expect(Math.abs((offset?.median ?? Number.NaN) - late)).toBeLessThan(2);
    expect(offset?.spread).toBeLessThan(1);
  });
});

describe('frames', () => {
  it('that were not seen are missing', () => {
    const recording = record();
    recording.frames.splice(10, 2);
    expect(judge(recording)).toMatchObject({ missing: [40, 41], fps: 25, freezes: [] });
  });

  it('that were drawn late do not shift the offset', () => {
    const recording = record();
    for (const [index, frame] of recording.frames.entries()) {
      if (index % 3 === 0)
        frame.levels = encodeFrame({ film: 1, frame: 31 + index }).map((cell) => 255 * cell);
    }
    expect(Math.abs(judge(recording).avOffsetMs?.median ?? Number.NaN)).toBeLessThan(2);
  });

  it('without a counter are counted, and nothing is said of sound against picture', () => {
    const recording = record();
    for (const frame of recording.frames) frame.levels = frame.levels.map(() => 0);
    const playback = judge(recording);
    expect(playback).toMatchObject({ framesRead: 0, framesUnreadable: 125, fps: 25, freezes: [] });
    expect(playback.avOffsetMs).toBeUndefined();
  });

  it('of another place or film are a jump', () => {
    const recording = record();
    for (const frame of recording.frames.slice(60))
      frame.levels = encodeFrame({ film: 2, frame: 0 }).map((cell) => 255 * cell);
    expect(judge(recording).jumps).toEqual([
      { at: 2400, from: { film: 1, frame: 89 }, to: { film: 2, frame: 0 } },
    ]);
  });
});

describe('a freeze', () => {
  it('is the whole recording if nothing is shown', () => {
    expect(judge({ ...record(), frames: [] }).freezes).toEqual([{ at: 0, duration: 5000 }]);
  });

  it('is a gap without frames', () => {
    const recording = record();
    recording.frames = recording.frames
      .filter((_, index) => index < 50 || index >= 75)
      .map((frame, count) => ({ ...frame, count }));
    expect(judge(recording).freezes).toEqual([{ at: 1960, duration: 1040 }]);
  });

  it('is one picture again and again', () => {
    const recording = record();
    for (const frame of recording.frames.slice(50, 75)) frame.levels = recording.frames[49].levels;
    expect(judge(recording).freezes).toEqual([{ at: 1960, duration: 1040 }]);
  });

  it('is not a page that was too busy to look', () => {
    const recording = record();
    recording.frames.splice(50, 25);
    expect(judge(recording).freezes).toEqual([]);
  });
});

describe('sound', () => {
  it('of silence is silent', () => {
    const recording = record();
    const playback = judge({ ...recording, pcm: '', chunks: [] });
    expect(playback).toMatchObject({ loudness: Number.NEGATIVE_INFINITY, tones: [] });
    expect(playback.avOffsetMs).toBeUndefined();
  });

  it('that was interrupted keeps its time', () => {
    const recording = record();
    // A second is lost: what follows comes when it would have come anyway.
    const bytes = Buffer.from(recording.pcm, 'base64');
    const pcm = Buffer.concat([
      bytes.subarray(0, 2 * 2 * sampleRate),
      bytes.subarray(3 * 2 * sampleRate),
    ]).toString('base64');
    recording.chunks.splice(200, 100);
    const { tones, avOffsetMs } = judge({ ...recording, pcm });
    expect(tones.map(({ second }) => second)).toEqual([2, 3, 5, 6]);
    expect(avOffsetMs?.spread).toBeLessThan(1);
  });
});
