/** Judges a recording of what a page showed and played. */

import { framesPerSecond } from '../../scripts/lib/samples/films.ts';
import { notes } from '../../scripts/lib/samples/sound.ts';
import { decodeFrame, type FrameId } from './frame-counter.ts';
import type { Recording } from './page-recorder.ts';
import { findOnsets, loudness } from './tone.ts';

/** Times are in ms from the start of the measurement. */
export interface Playback {
  /** How long was measured. */
  duration: number;
  width: number;
  height: number;
  /** Frames that the element decoded, and those of them that it did not show. */
  framesDecoded: number;
  framesDropped: number;
  /** Frames that were shown and whose counter was read, and what was shown without a readable one. */
  framesRead: number;
  framesUnreadable: number;
  /** Frames shown per second, between the first and the last. */
  fps: number;
  first?: FrameId;
  last?: FrameId;
  /** Counters that were stepped over while playing on; a page that is busy does not see every frame. */
  missing: number[];
  /** Where the counter went back, went on by more than a second, or to another film. */
  jumps: { at: number; from: FrameId; to: FrameId }[];
  /** When the picture did not change for longer than `freezeAfter`. */
  freezes: { at: number; duration: number }[];
  /** Loudness of all that was heard, in dB of full scale; -Infinity for silence. */
  loudness: number;
  /** Notes in the order they were heard; `second` is that of the film, modulo the number of notes. */
  tones: { at: number; second: number; level: number }[];
  /** How much later than its picture a note is heard; negative if it is earlier. Undefined if nothing can be compared. */
  avOffsetMs?: { median: number; spread: number; count: number };
  /**
   * The same, less what the receiver of a peer connection adds by holding sound and picture for different times: how
   * much later than its picture the sound was sent. Browsers take some ten seconds to bring the two together, so it
   * is this that tells whether a sender is right.
   */
  sentOffsetMs?: number;
}

interface ReadFrame extends FrameId {
  shown: number;
  position: number;
  count: number;
}

const frameDuration = 1000 / framesPerSecond;

export function judge(recording: Recording, freezeAfter = 500): Playback {
  const read = recording.frames.flatMap(({ levels, ...frame }): ReadFrame[] => {
    const id = decodeFrame(levels);
    return id ? [{ ...frame, ...id }] : [];
  });
  const sound = assemble(recording);
  const onsets = findOnsets(sound.samples, recording.sampleRate).map(({ time, note, level }) => ({
    at: sound.timeOf(time),
    second: note,
    level,
  }));
  const avOffsetMs = compare(read, onsets);
  const { held, outputDelay } = recording;
  const since = (time: number) => time - recording.from;
  const [firstShown, lastShown] = [recording.frames.at(0), recording.frames.at(-1)];
  return {
    duration: recording.to - recording.from,
    width: recording.width,
    height: recording.height,
    framesDecoded: recording.framesDecoded,
    framesDropped: recording.framesDropped,
    framesRead: read.length,
    framesUnreadable: recording.frames.length - read.length,
    fps:
      firstShown && lastShown && lastShown.shown > firstShown.shown
        ? ((lastShown.count - firstShown.count) * 1000) / (lastShown.shown - firstShown.shown)
        : 0,
    first: identity(read.at(0)),
    last: identity(read.at(-1)),
    ...succession(read, since),
    freezes: findFreezes(recording, freezeAfter).map(({ at, duration }) => ({ at: since(at), duration })),
    loudness: loudness(sound.samples),
    tones: onsets.map((onset) => ({ ...onset, at: since(onset.at) })),
    avOffsetMs,
    sentOffsetMs: avOffsetMs && held && avOffsetMs.median - (held.sound + outputDelay - held.picture),
  };
}

const identity = (frame?: ReadFrame): FrameId | undefined =>
  frame && { film: frame.film, frame: frame.frame };

/** What lies between one frame and the next. */
function succession(read: ReadFrame[], since: (time: number) => number): Pick<Playback, 'missing' | 'jumps'> {
  const missing: number[] = [];
  const jumps: Playback['jumps'] = [];
  for (const [index, to] of read.entries()) {
    const from = read[index - 1] ?? to;
    const step = to.frame - from.frame;
    if (from.film !== to.film || step < 0 || step > framesPerSecond) {
      jumps.push({
        at: since(to.shown),
        from: { film: from.film, frame: from.frame },
        to: { film: to.film, frame: to.frame },
      });
    } else {
      for (let frame = from.frame + 1; frame < to.frame; frame++) missing.push(frame);
    }
  }
  return { missing, jumps };
}

/**
 * Gaps between one picture and the next that differs. Where both the browser's count of frames and their own counter
 * went on meanwhile without our seeing it, the page was only too busy to look.
 */
function findFreezes(
  { from, to, frames }: Recording,
  freezeAfter: number,
): { at: number; duration: number }[] {
  const pictures = frames.map(({ levels, shown, count }, seen) => ({
    shown,
    unseen: count - seen,
    counter: decodeFrame(levels)?.frame,
  }));
  const changes = pictures.filter(
    ({ counter }, index) => counter === undefined || counter !== pictures[index - 1]?.counter,
  );
  const nothing = { unseen: 0, counter: 0 };
  const edges = [
    { ...(pictures.at(0) ?? nothing), shown: from },
    ...changes,
    { ...(pictures.at(-1) ?? nothing), shown: to },
  ];
  return edges.slice(1).flatMap((edge, index) => {
    const before = edges[index];
    const duration = edge.shown - before.shown;
    const unseen = edge.unseen - before.unseen;
    const played = Math.abs((edge.counter ?? unseen) - (before.counter ?? 0));
    const busy = Math.min(unseen, played) > duration / frameDuration / 2;
    return duration > freezeAfter && !busy ? [{ at: before.shown, duration }] : [];
  });
}

/** The sound in one piece, and when each moment of it was heard. */
function assemble({ chunks, pcm, sampleRate, outputDelay }: Recording) {
  const bytes = Buffer.from(pcm, 'base64');
  const samples = Float32Array.from(
    { length: bytes.length / 2 },
    (_, index) => bytes.readInt16LE(index * 2) / 32768,
  );
  // Where sound was missing a new run begins: within a run the samples tell the time, better than each chunk's stamp.
  const runs: { start: number; stamps: number[] }[] = [];
  let position = 0;
  for (const { handedOver, samples: count } of chunks) {
    const stamp = handedOver - (position * 1000) / sampleRate;
    const run = runs.at(-1);
    if (!run || Math.abs(stamp - median(run.stamps.slice(-20))) > 60)
      runs.push({ start: position, stamps: [stamp] });
    else run.stamps.push(stamp);
    position += count;
  }
  return {
    samples,
    timeOf(seconds: number): number {
      const run = runs.findLast(({ start }) => start <= seconds * sampleRate) ?? { stamps: [0] };
      return median(run.stamps) + seconds * 1000 + outputDelay;
    },
  };
}

/**
 * Compares each note with the frames round it. They all tell when their film began, as it were; the median of that
 * is better than the one frame that came with the note, which may be late, or lost.
 */
function compare(read: ReadFrame[], onsets: { at: number; second: number }[]): Playback['avOffsetMs'] {
  const offsets = onsets.flatMap(({ at, second }) => {
    const near = withoutMisread(read.filter(({ shown }) => Math.abs(shown - at) < 1000));
    if (near.length < 10) return [];
    const began = median(near.map(({ shown, frame }) => shown - frame * frameDuration));
    const cycle = notes.length * 1000;
    const late = (at - began - second * 1000) % cycle;
    return [late > cycle / 2 ? late - cycle : late < -cycle / 2 ? late + cycle : late];
  });
  if (offsets.length === 0) return undefined;
  return {
    median: median(offsets),
    spread: Math.max(...offsets) - Math.min(...offsets),
    count: offsets.length,
  };
}

/**
 * Leaves out frames that were drawn late, when the element had already gone on to the next: their counter is ahead
 * of the position that was reported with them.
 */
function withoutMisread(frames: ReadFrame[]): ReadFrame[] {
  const ahead = ({ frame, position }: ReadFrame) => frame * frameDuration - position;
  const usual = median(frames.map(ahead));
  return frames.filter((frame) => Math.abs(ahead(frame) - usual) < frameDuration / 2);
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
