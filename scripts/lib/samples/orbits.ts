/** A test card as an observatory: three planets round a sun that rings at every note. */
import { clock, framesPerSecond, type Moment, type Scene } from './films.ts';
import { write } from './lettering.ts';
import { disc, gradient, hex, mix, type Picture, rectangle, ring, strokes } from './raster.ts';
import { notes } from './sound.ts';

const sky = ['#070b1c', '#101a3a', '#1d2f5e', '#29406f'].map(hex);
const [paper, muted, sun, flash] = ['#f4f1e8', '#8fa3cf', '#ffb454', '#fffaf0'].map(hex);
const bars = ['#f4f1e8', '#f2d95c', '#5cd6e6', '#5fd38a', '#e66bc0', '#ef5b5b', '#4f7df0'].map(hex);
const centre = { x: 614, y: 214 };
const planets = [
  { orbit: 66, radius: 7, period: 2, colour: hex('#5cd6e6') },
  { orbit: 104, radius: 11, period: 6, colour: hex('#ef7d8a') },
  { orbit: 142, radius: 9, period: 24, colour: hex('#9be28f') },
];
const left = 56;

/** A point on a circle round the sun, `turn` from its top. */
const around = (radius: number, turn: number): [x: number, y: number] => [
  centre.x + radius * Math.sin(2 * Math.PI * turn),
  centre.y - radius * Math.cos(2 * Math.PI * turn),
];

export const drawOrbits: Scene = (background) => {
  drawSky(background);
  drawDial(background);
  drawTestPatterns(background);
  write(background, 'JANUS DEPLOY', left, 58, { size: 25, weight: 2.8, colour: paper, spacing: 4.4 });
  write(background, 'SAMPLE FILM 1', left, 98, { size: 12, weight: 1.5, colour: sun, spacing: 5 });
  write(background, '854 × 480 · 25 FPS', left, 122, { size: 10, weight: 1.2, colour: muted, spacing: 4.5 });
  return (picture, moment) => {
    drawSun(picture, moment);
    drawPlanets(picture, moment);
    drawTime(picture, moment);
    drawNotes(picture, moment);
  };
};

function drawSky(picture: Picture): void {
  picture.shade((x, y) => {
    const glow = Math.exp(-((Math.hypot(x - centre.x, y - centre.y) / 190) ** 2));
    return mix(gradient(sky, y / picture.height), hex('#4a5f9c'), 0.55 * glow);
  });
  for (let star = 1; star <= 90; star++) {
    // Multiples of irrational numbers: spread like chance, and the same every time.
    const [x, y] = [(star * 0.754877666) % 1, (star * 0.569840291) % 1];
    const opacity = 0.25 + 0.6 * ((star * 0.618033988) % 1);
    picture.fill(disc(x * picture.width, y * 400, 0.7 + ((star * 0.381) % 1) * 0.7), paper, { opacity });
  }
}

function drawDial(picture: Picture): void {
  for (const { orbit } of planets)
    picture.fill(ring(centre.x, centre.y, orbit, 1.2), muted, { opacity: 0.45 });
  for (let tick = 0; tick < 48; tick++) {
    const long = tick % 4 === 0;
    const line = [...around(long ? 166 : 170, tick / 48), ...around(176, tick / 48)];
    picture.fill(strokes([line], long ? 2 : 1.2), muted, { opacity: long ? 0.95 : 0.6 });
  }
}

function drawTestPatterns(picture: Picture): void {
  for (const [index, colour] of bars.entries())
    picture.fill(rectangle(left + index * 36, 352, 30, 30, 6), colour);
  for (let step = 0; step < 14; step++) {
    const level = Math.round(16 + (step * 219) / 13);
    picture.fill(rectangle(left + step * 18, 390, 18, 10), [level, level, level]);
  }
  const [right, bottom] = [picture.width - 14, picture.height - 14];
  const corners = [
    [14, 32, 14, 14, 32, 14],
    [right - 18, 14, right, 14, right, 32],
    [14, bottom - 18, 14, bottom, 32, bottom],
    [right - 18, bottom, right, bottom, right, bottom - 18],
  ];
  picture.fill(strokes(corners, 2), muted, { opacity: 0.9 });
}

/** The sun flares with the note, and the note leaves it as a ring. */
function drawSun(picture: Picture, { sinceNote }: Moment): void {
  const flare = Math.exp(-sinceNote / 0.14);
  picture.fill(ring(centre.x, centre.y, 24 + sinceNote * 160, 2 + 3 * flare), sun, {
    opacity: 0.75 * (1 - sinceNote) ** 1.5,
    softness: 2,
  });
  picture.fill(disc(centre.x, centre.y, 36 + 10 * flare), sun, { opacity: 0.45 + 0.4 * flare, softness: 40 });
  picture.fill(disc(centre.x, centre.y, 26 + 5 * flare), mix(sun, flash, flare));
}

function drawPlanets(picture: Picture, { time }: Moment): void {
  for (const { orbit, radius, period, colour } of planets) {
    const turn = time / period;
    for (let back = 24; back > 0; back--) {
      const [x, y] = around(orbit, turn - (back * 5) / (2 * Math.PI * orbit));
      picture.fill(disc(x, y, 2.2), colour, { opacity: 0.4 * (1 - back / 24), softness: 1.5 });
    }
    const [x, y] = around(orbit, turn);
    picture.fill(disc(x, y, radius), colour);
    picture.fill(disc(x - radius * 0.3, y - radius * 0.3, radius * 0.45), paper, {
      opacity: 0.5,
      softness: radius,
    });
  }
  // The hand that sweeps a second.
  picture.fill(disc(...around(184, time % 1), 3.5), paper);
}

function drawTime(picture: Picture, { frame, second }: Moment): void {
  write(picture, clock(second), left, 184, { size: 72, weight: 6, colour: paper, spacing: 3.4 });
  const place = String(frame % framesPerSecond).padStart(2, '0');
  write(picture, place, left + 298, 184, { size: 24, weight: 2.6, colour: sun });
  write(picture, `FRAME ${String(frame).padStart(3, '0')}`, left, 276, {
    size: 12,
    weight: 1.5,
    colour: muted,
    spacing: 5,
  });
}

/** One pearl a note, as high as its pitch; the one that sounds is lit. */
function drawNotes(picture: Picture, { second, sinceNote }: Moment): void {
  for (const [index, pitch] of notes.entries()) {
    const lit = index === second % notes.length ? 0.35 + 0.65 * Math.exp(-sinceNote / 0.3) : 0;
    const y = 328 - 11 * Math.log2(pitch / notes[0]);
    picture.fill(disc(left + 5 + index * 22, y, 4 + 2.5 * lit), mix(muted, sun, lit), {
      opacity: 0.5 + 0.5 * lit,
    });
  }
}
