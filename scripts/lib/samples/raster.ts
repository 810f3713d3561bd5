/** Draws smooth shapes into an RGB picture, each from its signed distance: negative inside, in pixels. */

export type Colour = readonly [red: number, green: number, blue: number];

export interface Shape {
  /** Left, top, right and bottom of all it may cover. */
  box: readonly [number, number, number, number];
  distance(x: number, y: number): number;
}

export class Picture {
  readonly width: number;
  readonly height: number;
  /** Three bytes a pixel, row by row: what ffmpeg calls rgb24. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8ClampedArray(width * height * 3);
  }

  /** Gives every pixel its colour. */
  shade(colour: (x: number, y: number) => Colour): void {
    for (let y = 0, at = 0; y < this.height; y++) {
      for (let x = 0; x < this.width; x++, at += 3) this.pixels.set(colour(x + 0.5, y + 0.5), at);
    }
  }

  /** Blends a shape in; its edge fades over `softness` pixels. */
  fill(shape: Shape, colour: Colour, { opacity = 1, softness = 1 } = {}): void {
    const [left, top, right, bottom] = shape.box;
    for (let y = Math.max(0, Math.floor(top - softness)); y < Math.min(this.height, bottom + softness); y++) {
      for (let x = Math.max(0, Math.floor(left - softness)); x < Math.min(this.width, right + softness); x++) {
        const inside = 0.5 - shape.distance(x + 0.5, y + 0.5) / softness;
        if (inside > 0) this.blend(x, y, colour, opacity * smooth(Math.min(1, inside)));
      }
    }
  }

  blend(x: number, y: number, [red, green, blue]: Colour, opacity: number): void {
    const at = (y * this.width + x) * 3;
    this.pixels[at] += (red - this.pixels[at]) * opacity;
    this.pixels[at + 1] += (green - this.pixels[at + 1]) * opacity;
    this.pixels[at + 2] += (blue - this.pixels[at + 2]) * opacity;
  }
}

export const disc = (x: number, y: number, radius: number): Shape => ({
  box: [x - radius, y - radius, x + radius, y + radius],
  distance: (px, py) => Math.hypot(px - x, py - y) - radius,
});

export const ring = (x: number, y: number, radius: number, width: number): Shape => ({
  box: [x - radius - width, y - radius - width, x + radius + width, y + radius + width],
  distance: (px, py) => Math.abs(Math.hypot(px - x, py - y) - radius) - width / 2,
});

export const rectangle = (x: number, y: number, width: number, height: number, corner = 0): Shape => ({
  box: [x, y, x + width, y + height],
  distance(px, py) {
    const dx = Math.abs(px - x - width / 2) - width / 2 + corner;
    const dy = Math.abs(py - y - height / 2) - height / 2 + corner;
    return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - corner;
  },
});

/** Lines with round ends; `points` are x, y, x, y and so on. */
export function strokes(lines: readonly (readonly number[])[], width: number): Shape {
  const segments = lines.flatMap((points) =>
    Array.from({ length: points.length / 2 - 1 }, (_, index) => points.slice(index * 2, index * 2 + 4)),
  );
  const [xs, ys] = [0, 1].map((axis) => lines.flatMap((points) => points.filter((_, index) => index % 2 === axis)));
  return {
    box: [Math.min(...xs) - width, Math.min(...ys) - width, Math.max(...xs) + width, Math.max(...ys) + width],
    distance: (px, py) => Math.min(...segments.map(([x1, y1, x2, y2]) => toSegment(px, py, x1, y1, x2, y2))) - width / 2,
  };
}

function toSegment(px: number, py: number, x1: number, y1: number, x2: number, y2: number): number {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const along = ((px - x1) * dx + (py - y1) * dy) / (dx * dx + dy * dy || 1);
  const nearest = Math.min(1, Math.max(0, along));
  return Math.hypot(px - x1 - nearest * dx, py - y1 - nearest * dy);
}

const smooth = (share: number): number => share * share * (3 - 2 * share);

/** The colour at `share` (0 to 1) on the way through evenly spaced `stops`. */
export function gradient(stops: readonly Colour[], share: number): Colour {
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const index = Math.min(stops.length - 2, Math.floor(place));
  return mix(stops[index], stops[index + 1], place - index);
}

export const mix = (from: Colour, to: Colour, share: number): Colour => [
  from[0] + (to[0] - from[0]) * share,
  from[1] + (to[1] - from[1]) * share,
  from[2] + (to[2] - from[2]) * share,
];

/** A colour from its usual notation, as `#1b2a4e`. */
export const hex = (notation: string): Colour => {
  const value = Number.parseInt(notation.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
};
