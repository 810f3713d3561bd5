/** The sample films, frame by frame. */
import { counterLayout, encodeFrame } from './frame-counter.ts';
import { drawHills } from './hills.ts';
import { drawOrbits } from './orbits.ts';
import { type Colour, type Picture, Picture as RgbPicture, rectangle } from './raster.ts';

export const framesPerSecond = 25;

/** Where in a film a frame is. */
export interface Moment {
  frame: number;
  /** Seconds from the start. */
  time: number;
  /** Seconds since the last note began, and the number of that note. */
  sinceNote: number;
  second: number;
  /** 0 at the start of the film, 1 at its end. */
  progress: number;
}

/** Draws what never changes, and returns what draws a moment over a copy of it. */
export type Scene = (background: Picture) => (picture: Picture, moment: Moment) => void;

export interface Film {
  /** The number in its frame counter. */
  id: number;
  seconds: number;
  scene: Scene;
}

/** Whole rounds of the twelve notes, so that a loop goes on in tune. */
export const films = {
  orbits: { id: 1, seconds: 24, scene: drawOrbits },
  hills: { id: 2, seconds: 36, scene: drawHills },
} satisfies Record<string, Film>;

/** All frames of a film, each as rgb24; a frame is to be used before the next one is asked for. */
export function* renderFilm({ id, seconds, scene }: Film): Generator<Uint8Array> {
  const { width, height } = counterLayout;
  const background = new RgbPicture(width, height);
  const draw = scene(background);
  for (let frame = 0; frame < seconds * framesPerSecond; frame++) {
    const picture = new RgbPicture(width, height);
    picture.pixels.set(background.pixels);
    const time = frame / framesPerSecond;
    const second = Math.floor(frame / framesPerSecond);
    draw(picture, { frame, time, second, sinceNote: time - second, progress: time / seconds });
    drawCounter(picture, encodeFrame({ film: id, frame }));
    yield new Uint8Array(picture.pixels.buffer);
  }
}

const black: Colour = [8, 8, 8];
const white: Colour = [245, 245, 245];

/** The row of cells on a black ground, whose margin keeps its neighbours out of the macroblocks beside it. */
function drawCounter(picture: Picture, cells: number[]): void {
  const { x, y, cell } = counterLayout;
  picture.fill(rectangle(x - cell / 2, y - cell / 2, cells.length * cell + cell, 2 * cell, cell / 2), black);
  for (const [index, lit] of cells.entries()) {
    if (lit) picture.fill(rectangle(x + index * cell, y, cell, cell), white);
  }
}

/** As 00:07. */
export const clock = (second: number): string =>
  [second / 60, second % 60].map((part) => String(Math.floor(part)).padStart(2, '0')).join(':');
