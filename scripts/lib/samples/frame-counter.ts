/**
 * The counter that every frame of the sample films carries: a row of black and white cells that says which film and
 * which frame of it this is. A cell is one macroblock of the encoder, so that compression leaves it alone.
 */

/** What a frame says of itself. */
export interface FrameId {
  /** 0 to 15. */
  film: number;
  /** 0 to 65535, from the start of the film. */
  frame: number;
}

/** Where the row lies, in pixels of a picture of the given size; scaled pictures scale it. */
export const counterLayout = { width: 854, height: 480, x: 176, y: 448, cell: 16, cells: 32 } as const;

/** The first and last two cells are the same in every frame: they show what white and black are. */
export const counterMarks = { head: [1, 0], tail: [0, 1] } as const;

/**
 * The cells of a frame, 1 for white: head, film (4), frame in Gray code (16), checksum (8), tail. From one frame to
 * the next one cell changes besides the checksum, so a blend of two frames is refused and not misread.
 */
export function encodeFrame({ film, frame }: FrameId): number[] {
  const gray = frame ^ (frame >> 1);
  return [
    ...counterMarks.head,
    ...bits(film, 4),
    ...bits(gray, 16),
    ...bits(checksum((film << 16) | gray), 8),
    ...counterMarks.tail,
  ];
}

/** CRC-8 (x⁸ + x² + x + 1) over 20 bits: finds every error of up to three cells. */
export function checksum(content: number): number {
  let rest = content << 8;
  for (let bit = 27; bit >= 8; bit--) {
    if (rest & (1 << bit)) rest ^= 0x107 << (bit - 8);
  }
  return rest;
}

const bits = (value: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => (value >> (count - 1 - index)) & 1);
