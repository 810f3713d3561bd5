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
      for (
        let x = Math.max(0, Math.floor(left - softness));
        x < Math.min(this.width, right + softness);
        x++
      ) {
        const outside = shape.distance(x + 0.5, y + 0.5) - softness / 2;
        // Nothing of the shape is nearer than its distance.
        if (outside >= 0) x += Math.floor(outside);
        else this.blend(x, y, colour, opacity * smooth(Math.min(1, -outside / softness)));
      }
    }
  }

  /** Blends in a shape that was drawn before, moved by `x` and `y`. */
  stamp({ left, top, width, coverage }: Stamp, x: number, y: number, colour: Colour, opacity = 1): void {
    for (let index = 0; index < coverage.length; index++) {
      if (coverage[index] === 0) continue;
      const row = Math.floor(index / width);
      this.blend(x + left + index - row * width, y + top + row, colour, opacity * coverage[index]);
    }
  }

  blend(x: number, y: number, colour: Colour, opacity: number): void {
    const { pixels } = this;
    const at = (y * this.width + x) * 3;
    pixels[at] += (colour[0] - pixels[at]) * opacity;
    pixels[at + 1] += (colour[1] - pixels[at + 1]) * opacity;
    pixels[at + 2] += (colour[2] - pixels[at + 2]) * opacity;
  }
}

export const disc = (x: number, y: number, radius: number): Shape => ({
  box: [x - radius, y - radius, x + radius, y + radius],
  distance: (px, py) => length(px - x, py - y) - radius,
});

export const ring = (x: number, y: number, radius: number, width: number): Shape => ({
  box: [x - radius - width, y - radius - width, x + radius + width, y + radius + width],
  distance: (px, py) => Math.abs(length(px - x, py - y) - radius) - width / 2,
});

export const rectangle = (x: number, y: number, width: number, height: number, corner = 0): Shape => ({
  box: [x, y, x + width, y + height],
  distance(px, py) {
    const dx = Math.abs(px - x - width / 2) - width / 2 + corner;
    const dy = Math.abs(py - y - height / 2) - height / 2 + corner;
    return length(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - corner;
  },
});

/** Lines with round ends; `lines` are the points of each: x, y, x, y and so on. */
export function strokes(lines: readonly (readonly number[])[], width: number): Shape {
  const [xs, ys] = [0, 1].map((axis) =>
    lines.flatMap((points) => points.filter((_, index) => index % 2 === axis)),
  );
  return {
    box: [Math.min(...xs) - width, Math.min(...ys) - width, Math.max(...xs) + width, Math.max(...ys) + width],
    distance(px, py) {
      let nearest = Number.POSITIVE_INFINITY;
      for (const points of lines) {
        for (let at = 0; at + 3 < points.length; at += 2) {
          nearest = Math.min(
            nearest,
            toSegment(
              px - points[at],
              py - points[at + 1],
              points[at + 2] - points[at],
              points[at + 3] - points[at + 1],
            ),
          );
        }
      }
      return nearest - width / 2;
    },
  };
}

/** Distance of a point from the line between the origin and (dx, dy). */
function toSegment(px: number, py: number, dx: number, dy: number): number {
  const along = Math.min(1, Math.max(0, (px * dx + py * dy) / (dx * dx + dy * dy || 1)));
  return length(px - along * dx, py - along * dy);
}

/** As Math.hypot, which guards against overflow and takes ten times as long. */
const length = (x: number, y: number): number => Math.sqrt(x * x + y * y);

/** What a shape covers, pixel by pixel. */
export interface Stamp {
  left: number;
  top: number;
  width: number;
  /** 0 to 1, row by row. */
  coverage: Float32Array;
}

export function toStamp(shape: Shape): Stamp {
  const [left, top] = [Math.floor(shape.box[0]), Math.floor(shape.box[1])];
  const width = Math.max(0, Math.ceil(shape.box[2]) - left);
  const height = Math.max(0, Math.ceil(shape.box[3]) - top);
  const coverage = new Float32Array(width * height);
  for (let index = 0; index < coverage.length; index++) {
    const row = Math.floor(index / width);
    const inside = 0.5 - shape.distance(left + index - row * width + 0.5, top + row + 0.5);
    coverage[index] = smooth(Math.min(1, Math.max(0, inside)));
  }
  return { left, top, width, coverage };
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
