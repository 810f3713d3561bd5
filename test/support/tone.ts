/** Finds the notes of the samples' sound in a recording, and to a millisecond or two when each began. */
import { notes } from '../../scripts/lib/samples/sound.ts';

export interface Onset {
  /** Seconds from the start of the recording. */
  time: number;
  /** Its place among the notes: the second of the sample that it marks, modulo their number. */
  note: number;
  /** Amplitude, 1 for full scale. */
  level: number;
}

/**
 * Seconds over which a note is weighed. It is loudest where such a window begins with the note: earlier the window
 * holds silence, later the note has faded. Long enough to tell neighbouring notes apart.
 */
const window = 0.03;

/** Seconds between the places that are tried. */
const step = 0.00025;

/** What is quieter, or much quieter than the loudest note, is none. */
const least = { level: 0.01, ofLoudest: 0.3 };

/** A note is this many times louder than the same pitch just before it: else the recording began within it. */
const rise = 3;

/** The notes that begin in the recording, in order. */
export function findOnsets(samples: Float32Array, sampleRate: number): Onset[] {
  const places = Math.floor((samples.length / sampleRate - window) / step);
  if (places <= 0) return [];
  const levels = notes.map((pitch) => levelsOf(samples, sampleRate, pitch, places));
  const loudest = levels.reduce((most, level) => level.reduce((max, value) => Math.max(max, value), most), 0);
  const threshold = Math.max(least.level, least.ofLoudest * loudest);
  const before = Math.round(window / step);

  const onsets: Onset[] = [];
  for (let place = 0; place < places; place++) {
    const note = strongest(levels, place);
    if (levels[note][place] < threshold) continue;
    // From where it is loud enough, the window has but its own length to go to where it is loudest.
    let best = place;
    for (let next = place; next < Math.min(places, place + before); next++) {
      if (levels[note][next] > levels[note][best]) best = next;
    }
    const winner = strongest(levels, best);
    if (best >= before && levels[winner][best] > rise * levels[winner][best - before]) {
      onsets.push({ time: best * step, note: winner, level: levels[winner][best] });
    }
    // The note rings on: wait until it has faded, or another one is stronger.
    place = best + before;
    while (place < places && strongest(levels, place) === winner && levels[winner][place] >= threshold)
      place++;
  }
  return onsets;
}

const strongest = (levels: Float32Array[], place: number): number =>
  levels.reduce((best, level, note) => (level[place] > levels[best][place] ? note : best), 0);

/**
 * Amplitude of one pitch in the window that begins at each place: the Goertzel sum of every window at once, as the
 * difference of two running sums.
 */
function levelsOf(samples: Float32Array, sampleRate: number, pitch: number, places: number): Float32Array {
  const real = new Float64Array(samples.length + 1);
  const imaginary = new Float64Array(samples.length + 1);
  for (let index = 0; index < samples.length; index++) {
    const angle = (2 * Math.PI * pitch * index) / sampleRate;
    real[index + 1] = real[index] + samples[index] * Math.cos(angle);
    imaginary[index + 1] = imaginary[index] + samples[index] * Math.sin(angle);
  }
  const length = Math.round(window * sampleRate);
  return Float32Array.from({ length: places }, (_, place) => {
    const from = Math.round(place * step * sampleRate);
    const to = Math.min(samples.length, from + length);
    return (2 * Math.hypot(real[to] - real[from], imaginary[to] - imaginary[from])) / length;
  });
}

/** Root mean square of the samples in dB of full scale; -Infinity for silence. */
export function loudness(samples: Float32Array): number {
  const sum = samples.reduce((total, sample) => total + sample * sample, 0);
  return 10 * Math.log10(sum / Math.max(1, samples.length));
}
