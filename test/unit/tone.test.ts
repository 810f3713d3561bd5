import fc from 'fast-check';
import { expect, it } from 'vitest';
import { notes, renderSound } from '../../scripts/lib/samples/sound.ts';
import { findOnsets, loudness } from '../support/tone.ts';

/** A recording of the samples' sound that begins `from` seconds into it. */
function record(from: number, seconds: number, sampleRate: number): Float32Array {
  const sound = renderSound({ seconds: Math.ceil(from + seconds), sampleRate, channels: 1 });
  return Float32Array.from(
    sound.subarray(from * sampleRate, (from + seconds) * sampleRate),
    (value) => value / 32768,
  );
}

it.each([8000, 44100, 48000])('finds every note of a recording at %i Hz', (sampleRate) => {
  const onsets = findOnsets(record(0.5, 12, sampleRate), sampleRate);
  expect(onsets.map(({ note }) => note)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0]);
  for (const [index, { time }] of onsets.entries()) expect(Math.abs(time - index - 0.5)).toBeLessThan(0.002);
});

it('finds them wherever the recording begins, through noise, loud or quiet', () => {
  const recordings = fc.record({
    from: fc.double({ min: 0, max: 20, noNaN: true }),
    volume: fc.double({ min: 0.1, max: 1.5, noNaN: true }),
    noise: fc.double({ min: 0, max: 0.05, noNaN: true }),
    seed: fc.integer(),
  });
  fc.assert(
    fc.property(recordings, ({ from, volume, noise, seed }) => {
      const random = pseudoRandom(seed);
      const heard = record(from, 3, 8000).map((sample) => volume * (sample + noise * random()));
      const start = Math.round(from * 8000) / 8000;
      const found = findOnsets(heard, 8000);
      for (const { time, note } of found) {
        const second = Math.round(start + time);
        expect(note).toBe(second % notes.length);
        expect(Math.abs(start + time - second)).toBeLessThan(0.003);
      }
      // A note at the very edge of the recording may be found or not: there is too little of it to tell.
      const surely = [0, 1, 2, 3]
        .map((offset) => Math.ceil(start) + offset)
        .filter((second) => second - start > 0.04 && second - start < 2.9);
      const seconds = found.map(({ time }) => Math.round(start + time));
      expect(seconds).toEqual([...new Set(seconds)]);
      expect(seconds).toEqual(expect.arrayContaining(surely));
    }),
    { numRuns: 50 },
  );
});

it('hears nothing in silence, in noise and in the chord alone', () => {
  const random = pseudoRandom(1);
  expect(findOnsets(new Float32Array(48000), 48000)).toEqual([]);
  expect(
    findOnsets(
      Float32Array.from({ length: 48000 }, () => 0.01 * random()),
      48000,
    ),
  ).toEqual([]);
  expect(findOnsets(record(0.6, 0.35, 48000), 48000)).toEqual([]);
});

it('measures loudness', () => {
  const sine = Float32Array.from({ length: 48000 }, (_, index) => 0.5 * Math.sin(index / 10));
  expect(loudness(sine)).toBeCloseTo(-9.03, 1);
  expect(loudness(new Float32Array(100))).toBe(Number.NEGATIVE_INFINITY);
});

/** Numbers from -1 to 1 that are the same for the same seed. */
function pseudoRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}
