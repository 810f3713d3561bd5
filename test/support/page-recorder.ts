/**
 * What runs inside the page: it watches a media element and notes what is shown and heard, and when. It judges
 * nothing; `playback.ts` does. Each function is sent to the page as text, so it may use nothing from outside itself.
 */
import type { Connections } from '../../scripts/lib/peer-connections.ts';
import type { counterLayout } from './frame-counter.ts';

/** Of Chromium; the standard has it in workers alone, and so do the types. */
declare class MediaStreamTrackProcessor {
  constructor(options: { track: MediaStreamTrack; maxBufferSize: number });
  readonly readable: ReadableStream<AudioData>;
}

/** A frame that was shown. Times are in ms of the page's clock. */
export interface ShownFrame {
  /** Brightness of the counter's cells, 0 to 255. */
  levels: number[];
  /** When the frame was expected on the screen. */
  shown: number;
  /** Where in the medium the frame is, in ms from an unknown origin: it tells a frame from the one drawn in its stead. */
  position: number;
  /** Frames shown since the element began. */
  count: number;
}

/** A stretch of sound as it went to the element's output. */
export interface SoundChunk {
  /** When its first sample was handed over; a busy page does not delay it. */
  handedOver: number;
  samples: number;
}

export interface Recording {
  /** Start and end of the recording. */
  from: number;
  to: number;
  frames: ShownFrame[];
  width: number;
  height: number;
  framesDecoded: number;
  framesDropped: number;
  chunks: SoundChunk[];
  sampleRate: number;
  /** The samples of all chunks, left and right mixed: 16 bit, little endian, in base64. */
  pcm: string;
  /** From the hand-over of sound to its hearing, in ms. */
  outputDelay: number;
  /** How long sound and picture lay with the receiver, in ms on average; only of a peer connection. */
  held?: { sound: number; picture: number };
}

export interface RecorderOptions {
  selector: string;
  seconds: number;
  layout: typeof counterLayout;
}

/** How bright each cell of the counter is (0 to 255) in the picture that a video shows now. */
export function readLevels(video: HTMLVideoElement, layout: typeof counterLayout): number[] {
  const cell = 4;
  const canvas = new OffscreenCanvas(layout.cells * cell, cell);
  const context = canvas.getContext('2d', { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D;
  const [scaleX, scaleY] = [video.videoWidth / layout.width, video.videoHeight / layout.height];
  const row = [
    layout.x * scaleX,
    layout.y * scaleY,
    layout.cells * layout.cell * scaleX,
    layout.cell * scaleY,
  ] as const;
  context.drawImage(video, ...row, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  // The green of the four pixels in the middle of each cell.
  const green = (x: number, y: number) => data[(y * canvas.width + x) * 4 + 1];
  return Array.from({ length: layout.cells }, (_, index) => {
    const x = index * cell;
    return (green(x + 1, 1) + green(x + 2, 1) + green(x + 1, 2) + green(x + 2, 2)) / 4;
  });
}

/** What the receivers of a stream's tracks have handed on so far: [how much, for how many ms in all it was held]. */
export async function readHeld(stream: MediaStream): Promise<{ sound: number[]; picture: number[] }> {
  const ids = stream.getTracks().map(({ id }) => id);
  const held = { sound: [0, 0], picture: [0, 0] };
  for (const connection of (globalThis as Connections).keptConnections ?? []) {
    for (const report of (await connection.getStats()).values()) {
      if (report.type !== 'inbound-rtp' || !ids.includes(report.trackIdentifier)) continue;
      if (report.kind === 'audio') {
        held.sound = [report.jitterBufferEmittedCount, report.jitterBufferDelay * 1000];
      } else held.picture = [report.framesDecoded, report.totalProcessingDelay * 1000];
    }
  }
  return held;
}

/** What the functions of this file need of each other: each travels to the page on its own. */
export interface PageTools {
  readLevels: typeof readLevels;
  readHeld: typeof readHeld;
}

/** The levels of the frame that an element shows now; none if there is no picture. */
export function readShownLevels(
  { selector, layout }: Omit<RecorderOptions, 'seconds'>,
  { readLevels }: PageTools,
): number[] {
  const element = document.querySelector<HTMLVideoElement>(selector);
  if (!element) throw new Error(`The page has no element ${selector}.`);
  return element.videoWidth > 0 ? readLevels(element, layout) : [];
}

/** Records what an element shows and plays for some seconds. */
export async function recordPlayback(
  { selector, seconds, layout }: RecorderOptions,
  { readLevels, readHeld }: PageTools,
): Promise<Recording> {
  const element = document.querySelector<HTMLVideoElement>(selector);
  if (!element) throw new Error(`The page has no element ${selector}.`);
  const audio = new AudioContext();
  await audio.resume();
  // An element that plays a stream from elsewhere has its sound track; one that plays a file is asked for a copy, once:
  // a second one would take sound away from the first.
  type Capturing = HTMLVideoElement & { captureStream(): MediaStream; recordedStream?: MediaStream };
  const capturing = element as Capturing;
  if (!element.srcObject) capturing.recordedStream ??= capturing.captureStream();
  const stream = (element.srcObject as MediaStream | null) ?? (capturing.recordedStream as MediaStream);
  const heldBefore = await readHeld(stream);
  const from = performance.now();
  const until = from + seconds * 1000;

  const frames: ShownFrame[] = [];
  let pending = 0;
  function watch(video: HTMLVideoElement): void {
    pending = video.requestVideoFrameCallback((_, metadata) => {
      frames.push({
        levels: readLevels(video, layout),
        shown: metadata.expectedDisplayTime,
        position:
          metadata.rtpTimestamp === undefined ? metadata.mediaTime * 1000 : metadata.rtpTimestamp / 90,
        count: metadata.presentedFrames,
      });
      watch(video);
    });
  }
  const quality = () => element.getVideoPlaybackQuality?.() ?? { totalVideoFrames: 0, droppedVideoFrames: 0 };
  const before = quality();
  if (element instanceof HTMLVideoElement) watch(element);

  const track = stream.getAudioTracks()[0]?.clone();
  const chunks: SoundChunk[] = [];
  const pieces: Uint8Array[] = [];
  const stampDelays: number[] = [];
  let sampleRate = 48000;
  async function listen(sound: MediaStreamTrack): Promise<void> {
    // Not WebAudio: its own buffers would add to the delay, and a busy machine would tear holes into the sound.
    const { readable } = new MediaStreamTrackProcessor({ track: sound, maxBufferSize: 1000 });
    const reader = readable.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const { value } = read;
      const mixed = new Int16Array(value.numberOfFrames);
      const plane = new Float32Array(value.numberOfFrames);
      for (let channel = 0; channel < value.numberOfChannels; channel++) {
        value.copyTo(plane, { planeIndex: channel, format: 'f32-planar' });
        for (let index = 0; index < plane.length; index++) {
          mixed[index] += (Math.max(-1, Math.min(1, plane[index])) * 32767) / value.numberOfChannels;
        }
      }
      sampleRate = value.sampleRate;
      chunks.push({ handedOver: value.timestamp / 1000, samples: mixed.length });
      stampDelays.push(performance.now() - value.timestamp / 1000);
      pieces.push(new Uint8Array(mixed.buffer));
      value.close();
    }
  }
  const listening = track ? listen(track) : Promise.resolve();

  await new Promise((resolve) => setTimeout(resolve, until - performance.now()));
  const to = performance.now();
  if (element instanceof HTMLVideoElement) element.cancelVideoFrameCallback(pending);
  track?.stop();
  await listening;
  const after = quality();
  const heldAfter = await readHeld(stream);
  const average = (kind: 'sound' | 'picture') =>
    (heldAfter[kind][1] - heldBefore[kind][1]) / (heldAfter[kind][0] - heldBefore[kind][0]);
  const held = { sound: average('sound'), picture: average('picture') };
  // The sound of a file is stamped with its hand-over less the delay of its output, which so can be read from it;
  // that of a connection with its hand-over, and the delay is that of any sound of this page.
  const stampDelay = stampDelays.length === 0 ? 0 : Math.min(...stampDelays);
  const stampedEarly = stampDelay > 3 && stampDelay < 500;
  const outputDelay = stampedEarly ? stampDelay : audio.outputLatency * 1000;
  await audio.close();

  const binary = pieces.map((piece) => String.fromCharCode(...piece)).join('');
  return {
    from,
    to,
    frames,
    width: element.videoWidth ?? 0,
    height: element.videoHeight ?? 0,
    framesDecoded: after.totalVideoFrames - before.totalVideoFrames,
    framesDropped: after.droppedVideoFrames - before.droppedVideoFrames,
    chunks: chunks.map((chunk) => ({ ...chunk, handedOver: chunk.handedOver + stampDelay })),
    sampleRate,
    pcm: btoa(binary),
    outputDelay,
    ...(Number.isFinite(held.sound + held.picture) && { held }),
  };
}
