import { expect, it } from 'vitest';
import { signToken } from '../../scripts/lib/token.ts';

it('signs tokens as the plugin’s own test reads them', () => {
  expect(signToken({ media: ['series/', 'film.mp4'], expires: 2_000_000_000 }, '0123456789abcdef')).toBe(
    '2000000000,janus,janus.plugin.tms.play,media=series/,media=film.mp4:n5aqR9XeVSvdL/+go9tjKjDy/FM=',
  );
});

it('keeps what divides a token out of names', () => {
  const [data] = signToken({ media: ['a,b:c/ä.mp4'], expires: 1 }, 'secret').split(':');
  expect(data.split(',')).toEqual(['1', 'janus', 'janus.plugin.tms.play', 'media=a%2Cb%3Ac/%C3%A4.mp4']);
});
