import { expect, it } from 'vitest';
import { differingPicture, planRenditions, withoutRenditions } from '../../scripts/lib/media-renditions.ts';

const plan = (width: number, height: number, rate: number) =>
  planRenditions('/media/a film.mov', { codec_type: 'video', width, height }, rate).map(
    ({ lines, rate }) => `${lines}: ${rate / 1000}`,
  );

it('plans renditions by the lines and the rate of the film', () => {
  expect(plan(1920, 1080, 6e6)).toEqual(['720: 2500', '480: 1200', '360: 700', '240: 350', '180: 200']);
  expect(plan(1080, 1920, 6e6)).toEqual(plan(1920, 1080, 6e6));
  expect(plan(640, 360, 500_000)).toEqual(['240: 300', '180: 180']);
  expect(plan(320, 240, 1e6)).toEqual(['180: 200']);
  expect(plan(320, 180, 1e6)).toEqual([]);
});

it('names them after the film', () => {
  const [{ name }] = planRenditions('/media/a film.mov', { codec_type: 'video', width: 640, height: 360 }, 1);
  expect(name).toBe('a film.240p.mp4');
});

it('knows renditions from films of such a name', () => {
  const names = ['a/film.mp4', 'a/film.480p.mp4', 'b/film.480p.mp4', 'a/film.481p.mp4', 'a/film.360p.mp4'];
  expect(withoutRenditions(names)).toEqual(['a/film.mp4', 'b/film.480p.mp4', 'a/film.481p.mp4']);
});

it('finds the first picture that could not take the place of another', () => {
  const film = [0, 0.04, 0.08].map((time) => ({ time, isKey: time === 0.04 }));
  const moved = film.map((picture, i) => ({ ...picture, time: picture.time + (i === 2 ? 0.003 : 0.001) }));
  expect(differingPicture(film, film)).toBeUndefined();
  expect(differingPicture(film, moved)).toBe(2);
  expect(differingPicture(film, film.slice(0, 2))).toBe(2);
  expect(
    differingPicture(
      film,
      film.map(({ time }) => ({ time, isKey: time === 0 })),
    ),
  ).toBe(1);
});
