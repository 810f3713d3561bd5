/** Reads the counter that every frame of the sample films carries. */
import {
  checksum,
  counterLayout,
  counterMarks,
  type FrameId,
} from '../../scripts/lib/samples/frame-counter.ts';

export { counterLayout, encodeFrame, type FrameId } from '../../scripts/lib/samples/frame-counter.ts';

/** Least difference between white and black, of 255: less is no counter but a dark or empty picture. */
const leastContrast = 64;

/**
 * What the cells say, given how bright each of them is (0 to 255).
 * @returns undefined for a picture without a counter and for one that is damaged or a blend of two frames.
 */
export function decodeFrame(levels: readonly number[]): FrameId | undefined {
  if (levels.length !== counterLayout.cells) return undefined;
  const { head, tail } = counterMarks;
  const [a, b, c, d] = [...levels.slice(0, head.length), ...levels.slice(-tail.length)];
  const [white, black] = [(a + d) / 2, (b + c) / 2];
  if (white - black < leastContrast) return undefined;
  const cells = levels.map((level) => (level > (white + black) / 2 ? 1 : 0));
  const marks = [...cells.slice(0, head.length), ...cells.slice(-tail.length)];
  if (marks.join() !== [...head, ...tail].join()) return undefined;
  const content = toNumber(cells.slice(2, 22));
  if (checksum(content) !== toNumber(cells.slice(22, 30))) return undefined;
  return { film: content >> 16, frame: fromGray(content & 0xffff) };
}

const toNumber = (bits: readonly number[]): number => bits.reduce((value, bit) => value * 2 + bit, 0);

function fromGray(gray: number): number {
  let frame = gray;
  for (let shift = 1; shift < 16; shift *= 2) frame ^= frame >> shift;
  return frame;
}
