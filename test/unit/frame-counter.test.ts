import fc from 'fast-check';
import { expect, it } from 'vitest';
import { counterLayout, decodeFrame, encodeFrame } from '../support/frame-counter.ts';

const frameIds = fc.record({
  film: fc.integer({ min: 0, max: 15 }),
  frame: fc.integer({ min: 0, max: 65535 }),
});
const levelsOf = (cells: number[]) => cells.map((cell) => cell * 255);

it('reads what was written', () => {
  fc.assert(
    fc.property(frameIds, (id) => {
      expect(encodeFrame(id)).toHaveLength(counterLayout.cells);
      expect(decodeFrame(levelsOf(encodeFrame(id)))).toEqual(id);
    }),
  );
});

it('reads through noise and a picture that is paler or darker', () => {
  const noise = fc.array(fc.double({ min: -0.4, max: 0.4, noNaN: true }), { minLength: 32, maxLength: 32 });
  const shown = fc.record({
    black: fc.integer({ min: 0, max: 90 }),
    contrast: fc.integer({ min: 110, max: 165 }),
  });
  fc.assert(
    fc.property(frameIds, noise, shown, (id, errors, { black, contrast }) => {
      const cells = encodeFrame(id);
      // The marks are averaged over two cells, so they bear less noise than the contents.
      const levels = cells.map((cell, index) => {
        const mark = index < 2 || index >= 30;
        return black + contrast * (cell + (mark ? errors[index] / 4 : errors[index]));
      });
      expect(decodeFrame(levels)).toEqual(id);
    }),
  );
});

it('refuses up to three wrong cells', () => {
  const wrong = fc.uniqueArray(fc.integer({ min: 0, max: 31 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(frameIds, wrong, (id, places) => {
      const cells = encodeFrame(id).map((cell, index) => (places.includes(index) ? 1 - cell : cell));
      expect(decodeFrame(levelsOf(cells))).toBeUndefined();
    }),
  );
});

it('takes a blend of two neighbouring frames for one of them or for none', () => {
  fc.assert(
    fc.property(frameIds, fc.double({ min: 0, max: 1, noNaN: true }), (id, share) => {
      const next = { film: id.film, frame: (id.frame + 1) % 65536 };
      const [one, other] = [encodeFrame(id), encodeFrame(next)];
      const blend = one.map((cell, index) => 255 * (cell * (1 - share) + other[index] * share));
      expect([undefined, id, next]).toContainEqual(decodeFrame(blend));
    }),
  );
});

it('finds no counter in a picture without one', () => {
  for (const level of [0, 128, 255]) expect(decodeFrame(Array(32).fill(level))).toBeUndefined();
  expect(decodeFrame([])).toBeUndefined();
});
