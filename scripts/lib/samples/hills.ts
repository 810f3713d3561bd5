/** An evening: the sun sinks behind hills that pass by, and rings at every note. */
import { clock, framesPerSecond, type Moment, type Scene } from './films.ts';
import { write } from './lettering.ts';
import { type Colour, disc, gradient, hex, mix, type Picture, ring, strokes } from './raster.ts';

const sky = ['#241a4a', '#5a2a6e', '#b8446f', '#f2795c', '#ffc078'].map(hex);
const [paper, sun, flash] = ['#fff4e0', '#ffe0a0', '#ffffff'].map(hex);

/** From the horizon to the foreground; `speed` in pixels a second, `waves` as [amplitude, length, phase]. */
const hills: { height: number; speed: number; colour: Colour; waves: [number, number, number][] }[] = [
  {
    height: 306,
    speed: 6,
    colour: hex('#a14a78'),
    waves: [
      [26, 390, 0],
      [9, 130, 1],
    ],
  },
  {
    height: 340,
    speed: 14,
    colour: hex('#6f3470'),
    waves: [
      [24, 310, 2],
      [8, 97, 0.4],
    ],
  },
  {
    height: 376,
    speed: 30,
    colour: hex('#46245c'),
    waves: [
      [20, 260, 4],
      [6, 83, 2],
    ],
  },
  {
    height: 412,
    speed: 56,
    colour: hex('#241640'),
    waves: [
      [14, 220, 1],
      [5, 61, 3],
    ],
  },
];

/** Distance between trees on the nearest hill. */
const trees = 117;

export const drawHills: Scene = (background) => {
  background.shade((_, y) => gradient(sky, y / 350));
  for (let star = 1; star <= 60; star++) {
    // Multiples of irrational numbers: spread like chance, and the same every time.
    const [x, y] = [((star * 0.754877666) % 1) * background.width, ((star * 0.569840291) % 1) * 150];
    background.fill(disc(x, y, 1), paper, { opacity: 0.7 * (1 - y / 150) * ((star * 0.618033988) % 1) });
  }
  return (picture, moment) => {
    drawSun(picture, moment);
    drawBirds(picture, moment);
    for (const hill of hills) drawHill(picture, hill, moment.time);
    drawTrees(picture, moment.time);
    drawTitle(picture, moment);
  };
};

function drawSun(picture: Picture, { sinceNote, progress }: Moment): void {
  const [x, y] = [570, 150 + 130 * progress];
  const flare = Math.exp(-sinceNote / 0.16);
  picture.fill(disc(x, y, 90), sun, { opacity: 0.4 + 0.35 * flare, softness: 90 });
  picture.fill(ring(x, y, 58 + sinceNote * 190, 2 + 3 * flare), sun, {
    opacity: 0.6 * (1 - sinceNote) ** 1.5,
    softness: 2,
  });
  picture.fill(disc(x, y, 56 + 4 * flare), mix(sun, flash, flare));
}

function drawBirds(picture: Picture, { time }: Moment): void {
  for (let bird = 0; bird < 5; bird++) {
    const x = ((330 + time * 24 + bird * 34) % (picture.width + 120)) - 60;
    const y = 150 + 15 * Math.abs(bird - 2) + 5 * Math.sin(time + bird);
    const wing = 5 * Math.sin(time * 7 + bird * 1.7);
    picture.fill(strokes([[x - 9, y - wing, x, y, x + 9, y - wing]], 2), sky[0], { opacity: 0.8 });
  }
}

type Hill = (typeof hills)[number];

/** Height of a hill's edge at `x` of the picture. */
const edge = ({ height, speed, waves }: Hill, x: number, time: number): number =>
  waves.reduce(
    (sum, [amplitude, length, phase]) =>
      sum - amplitude * Math.sin(((x + speed * time) / length) * 2 * Math.PI + phase),
    height,
  );

/** From a hill's edge down it darkens, over this many pixels. */
const depth = 70;

const shades = new Map(
  hills.map((hill) => {
    const dark = mix(hill.colour, sky[0], 0.35);
    return [hill, Array.from({ length: depth + 1 }, (_, y) => mix(hill.colour, dark, y / depth))];
  }),
);

function drawHill(picture: Picture, hill: Hill, time: number): void {
  const colours = shades.get(hill) ?? [];
  for (let x = 0; x < picture.width; x++) {
    const top = edge(hill, x + 0.5, time);
    const first = Math.floor(top);
    picture.blend(x, first, hill.colour, first + 1 - top);
    // What the next hill hides is not worth drawing.
    const last = Math.min(picture.height, first + 2 * depth);
    for (let y = first + 1; y < last; y++) picture.blend(x, y, colours[Math.min(depth, y - first)], 1);
  }
}

function drawTrees(picture: Picture, time: number): void {
  const hill = hills[hills.length - 1];
  const passed = hill.speed * time;
  for (let tree = Math.floor(passed / trees); tree * trees - passed < picture.width + 40; tree++) {
    const x = tree * trees + 40 * Math.sin(tree * 2.4) - passed;
    const [foot, height] = [edge(hill, x, time) + 3, 30 + 12 * Math.sin(tree * 5.1)];
    picture.fill(strokes([[x, foot, x, foot - height * 0.5]], 3), hill.colour);
    for (const [rise, radius] of [
      [0.45, 9],
      [0.7, 7],
      [0.92, 4.5],
    ]) {
      picture.fill(disc(x, foot - height * rise, radius), hill.colour);
    }
  }
}

function drawTitle(picture: Picture, { frame, second }: Moment): void {
  const left = 56;
  write(picture, 'JANUS DEPLOY', left, 58, { size: 25, weight: 2.8, colour: paper, spacing: 4.4 });
  write(picture, 'SAMPLE FILM 2', left, 98, { size: 12, weight: 1.5, colour: sun, spacing: 5 });
  write(picture, clock(second), left, 146, { size: 72, weight: 6, colour: paper, spacing: 3.4 });
  const place = String(frame % framesPerSecond).padStart(2, '0');
  write(picture, place, left + 298, 146, { size: 24, weight: 2.6, colour: sun });
  write(picture, `FRAME ${String(frame).padStart(3, '0')}`, left, 238, {
    size: 12,
    weight: 1.5,
    colour: paper,
    spacing: 5,
  });
}
