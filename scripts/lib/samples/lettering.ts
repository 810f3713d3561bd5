/** Text from strokes, so that the pictures look the same on machines that have no fonts. */
import { type Colour, type Picture, type Stamp, strokes, toStamp } from './raster.ts';

/**
 * Capitals 10 units high, y down: `M x y` sets the pen, `L x y` draws a line, and `A x y rx ry from to` an arc round
 * a centre, in degrees clockwise from the right, joined to the pen if that is down.
 */
const letters: Record<string, { width: number; path: string }> = {
  A: { width: 7.6, path: 'M 0 10 L 3.8 0 L 7.6 10 M 1.4 6.6 L 6.2 6.6' },
  B: {
    width: 6,
    path: 'M 0 0 L 3.2 0 A 3.2 2.4 2.4 2.4 -90 90 L 0 4.8 M 3.2 4.8 A 3.4 7.4 2.6 2.6 -90 90 L 0 10 L 0 0',
  },
  C: { width: 8, path: 'A 5 5 5 5 -50 -310' },
  D: { width: 7.6, path: 'M 0 0 L 2.8 0 A 2.8 5 4.8 5 -90 90 L 0 10 L 0 0' },
  E: { width: 5.6, path: 'M 5.6 0 L 0 0 L 0 10 L 5.6 10 M 0 4.8 L 4.8 4.8' },
  F: { width: 5.4, path: 'M 5.4 0 L 0 0 L 0 10 M 0 4.8 L 4.6 4.8' },
  G: { width: 9.4, path: 'A 5 5 5 5 -45 -335 L 9.6 5.4 L 6 5.4' },
  H: { width: 7, path: 'M 0 0 L 0 10 M 7 0 L 7 10 M 0 4.8 L 7 4.8' },
  I: { width: 0, path: 'M 0 0 L 0 10' },
  J: { width: 4.8, path: 'M 4.8 0 L 4.8 7.4 A 2.4 7.4 2.4 2.6 0 165' },
  K: { width: 6.4, path: 'M 0 0 L 0 10 M 6 0 L 0 6 M 2.2 4.2 L 6.4 10' },
  L: { width: 5.2, path: 'M 0 0 L 0 10 L 5.2 10' },
  M: { width: 8.6, path: 'M 0 10 L 0 0 L 4.3 6.4 L 8.6 0 L 8.6 10' },
  N: { width: 7, path: 'M 0 10 L 0 0 L 7 10 L 7 0' },
  O: { width: 10, path: 'A 5 5 5 5 0 360' },
  P: { width: 5.8, path: 'M 0 10 L 0 0 L 3 0 A 3 2.8 2.8 2.8 -90 90 L 0 5.6' },
  Q: { width: 10, path: 'A 5 5 5 5 0 360 M 6.4 7 L 9.4 10.4' },
  R: { width: 6.2, path: 'M 0 10 L 0 0 L 3 0 A 3 2.8 2.8 2.8 -90 90 L 0 5.6 M 2.6 5.6 L 6.2 10' },
  S: { width: 6, path: 'A 3 2.55 2.7 2.55 -30 -270 A 3 7.55 3 2.45 -90 155' },
  T: { width: 7, path: 'M 0 0 L 7 0 M 3.5 0 L 3.5 10' },
  U: { width: 6.8, path: 'M 0 0 L 0 6.6 A 3.4 6.6 3.4 3.4 180 0 L 6.8 0' },
  V: { width: 7.4, path: 'M 0 0 L 3.7 10 L 7.4 0' },
  W: { width: 11, path: 'M 0 0 L 2.8 10 L 5.5 1.4 L 8.2 10 L 11 0' },
  X: { width: 6.8, path: 'M 0 0 L 6.8 10 M 6.8 0 L 0 10' },
  Y: { width: 7, path: 'M 0 0 L 3.5 5 L 7 0 M 3.5 5 L 3.5 10' },
  Z: { width: 6.4, path: 'M 0 0 L 6.4 0 L 0 10 L 6.4 10' },
  0: { width: 6.4, path: 'A 3.2 5 3.2 5 0 360' },
  1: { width: 6.4, path: 'M 1.2 2.2 L 3.8 0 L 3.8 10' },
  2: { width: 6.4, path: 'A 3.2 3 3 3 -170 40 L 0.3 10 L 6.4 10' },
  3: { width: 6.4, path: 'A 3 2.5 2.7 2.5 -155 90 A 3 7.45 3.1 2.55 -90 155' },
  4: { width: 6.4, path: 'M 4.7 10 L 4.7 0 L 0 7 L 6.4 7' },
  5: { width: 6.4, path: 'M 5.6 0 L 1.2 0 L 0.8 4.7 A 3.1 6.8 3.1 3.2 -136 150' },
  6: { width: 6.4, path: 'A 3.2 6.9 3.1 3.1 0 360 M 4.6 0 L 0.6 5.4' },
  7: { width: 6.4, path: 'M 0.2 0 L 6.2 0 L 2.4 10' },
  8: { width: 6.4, path: 'A 3.2 2.4 2.5 2.4 0 360 M 6.3 7.4 A 3.2 7.4 3.1 2.6 0 360' },
  9: { width: 6.4, path: 'A 3.2 3.1 3.1 3.1 0 360 M 5.8 4.6 L 1.8 10' },
  ':': { width: 0, path: 'M 0 3 L 0 3 M 0 7.6 L 0 7.6' },
  '.': { width: 0, path: 'M 0 10 L 0 10' },
  '·': { width: 0, path: 'M 0 5.2 L 0 5.2' },
  '-': { width: 4, path: 'M 0 5.2 L 4 5.2' },
  '×': { width: 4.4, path: 'M 0 3.6 L 4.4 8 M 4.4 3.6 L 0 8' },
  ' ': { width: 1.6, path: '' },
};

export interface TextStyle {
  /** Height of the capitals, in pixels. */
  size: number;
  colour: Colour;
  /** Width of the strokes; a tenth of the size unless said. */
  weight?: number;
  /** Space between letters, in units of a tenth of the size. */
  spacing?: number;
  align?: 'left' | 'centre' | 'right';
  opacity?: number;
}

/** Writes a line of capitals and digits; `y` is the top of the capitals. */
export function write(picture: Picture, text: string, x: number, y: number, style: TextStyle): void {
  const { size, weight = size / 10, spacing = 3, align = 'left', opacity = 1 } = style;
  const widths = [...text].map((letter) => ((letters[letter].width + spacing) * size) / 10);
  const total = widths.reduce((sum, width) => sum + width, (-spacing * size) / 10);
  let pen = x - { left: 0, centre: total / 2, right: total }[align];
  for (const [index, letter] of [...text].entries()) {
    const stamp = stampOf(letter, size, weight);
    picture.stamp(stamp, Math.round(pen), Math.round(y), style.colour, opacity);
    pen += widths[index];
  }
}

const stamps = new Map<string, Stamp>();

/** A letter at the origin, drawn once for all the frames that show it. */
function stampOf(letter: string, size: number, weight: number): Stamp {
  const key = `${letter} ${size} ${weight}`;
  const known = stamps.get(key);
  if (known) return known;
  const lines = flatten(letters[letter].path).map((points) => points.map((value) => (value * size) / 10));
  const stamp = toStamp(strokes(lines, weight));
  stamps.set(key, stamp);
  return stamp;
}

/** The polylines of a path; arcs become chords of nine degrees. */
function flatten(path: string): number[][] {
  const lines: number[][] = [];
  for (const [, command, rest] of path.matchAll(/([MLA])([^MLA]*)/g)) {
    const numbers = rest.trim().split(' ').map(Number);
    if (command === 'M') lines.push([]);
    if (lines.length === 0) lines.push([]);
    if (command !== 'A') {
      lines.at(-1)?.push(...numbers);
      continue;
    }
    const [x, y, rx, ry, from, to] = numbers;
    const chords = Math.ceil(Math.abs(to - from) / 9);
    for (let chord = 0; chord <= chords; chord++) {
      const angle = ((from + ((to - from) * chord) / chords) * Math.PI) / 180;
      lines.at(-1)?.push(x + rx * Math.cos(angle), y + ry * Math.sin(angle));
    }
  }
  return lines;
}
