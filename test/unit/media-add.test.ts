import { expect, it } from 'vitest';
import { longestGap, planConversion } from '../../scripts/lib/media-add.ts';
import type { ProbedStream } from '../../scripts/lib/media-check.ts';

const picture: ProbedStream = {
  index: 0,
  codec_type: 'video',
  codec_name: 'h264',
  profile: 'High',
  pix_fmt: 'yuv420p',
  has_b_frames: 0,
};
const sound: ProbedStream = { index: 1, codec_type: 'audio', codec_name: 'aac' };
const beside: ProbedStream = {
  index: 2,
  codec_type: 'audio',
  codec_name: 'opus',
  tags: { handler_name: 'Opus of sound 0' },
};
const layout = { longestGap: 2, indexAtEnd: false };
const plan = (
  streams: ProbedStream[],
  { format = 'mov,mp4,m4a', ...changed }: { format?: string; longestGap?: number; indexAtEnd?: boolean } = {},
) => planConversion({ format: { format_name: format }, streams }, { ...layout, ...changed }, '.mov');
const codecs = ({ args }: { args: string[] }) => args.filter((_, i) => /^-codec/.test(args[i - 1] ?? ''));

it('leaves a file alone that needs nothing', () => {
  expect(plan([picture, sound, beside])).toMatchObject({ reasons: [], extension: '.mov' });
  expect(plan([picture, { ...sound, codec_name: 'opus' }]).reasons).toEqual([]);
  expect(plan([{ ...sound, codec_name: 'mp3' }], { format: 'mp3' }).reasons).toEqual([]);
});

it.each([
  ['Opus', plan([picture, sound]), ['copy', 'copy', 'libopus'], /Opus is put beside its sound/],
  [
    'B-frames',
    plan([{ ...picture, has_b_frames: 2 }, sound, beside]),
    ['libx264', 'copy', 'libopus'],
    /picture is encoded/,
  ],
  [
    'few key frames',
    plan([picture, sound, beside], { longestGap: 10 }),
    ['libx264', 'copy', 'libopus'],
    /10\.0 s between two/,
  ],
  [
    'other sound',
    plan([picture, { ...sound, codec_name: 'ac3' }, beside]),
    ['copy', 'aac', 'libopus'],
    /sound is encoded/,
  ],
  [
    'an index at the end',
    plan([picture, sound, beside], { indexAtEnd: true }),
    ['copy', 'copy', 'libopus'],
    /index/,
  ],
  [
    'another container',
    plan([picture, sound, beside], { format: 'matroska,webm' }),
    ['copy', 'copy', 'libopus'],
    /into an mp4/,
  ],
  [
    'a turned picture',
    plan([{ ...picture, side_data_list: [{ rotation: -90 }] }, sound, beside]),
    ['libx264', 'copy', 'libopus'],
    /picture is encoded/,
  ],
])('changes for %s nothing else', (_, conversion, expected, reason) => {
  expect(codecs(conversion)).toEqual(expected);
  expect(conversion.reasons).toHaveLength(1);
  expect(conversion.reasons[0]).toMatch(reason);
  expect(conversion.extension).toBe('.mp4');
});

it('keeps all sounds, with Opus beside each that is not', () => {
  const others = [
    { ...sound, index: 2, codec_name: 'opus' },
    { ...sound, index: 3, codec_name: 'pcm_s16le' },
  ];
  const { args } = plan([picture, sound, ...others]);
  expect(codecs({ args })).toEqual(['copy', 'copy', 'copy', 'aac', 'libopus', 'libopus']);
  expect(args.filter((_, i) => args[i - 1] === '-map')).toEqual(['0:0', '0:1', '0:2', '0:3', '0:1', '0:3']);
  expect(args.filter((arg) => arg.startsWith('handler_name'))).toEqual([
    'handler_name=Opus of sound 0',
    'handler_name=Opus of sound 2',
  ]);
});

it('makes sound alone an m4a, and takes the streams that are played', () => {
  const conversion = plan([{ ...sound, index: 3, codec_name: 'vorbis' }], { format: 'ogg' });
  expect(conversion.extension).toBe('.m4a');
  expect(conversion.args).toEqual(expect.arrayContaining(['-map', '0:3', '-codec:a:0', 'aac']));
});

it('refuses what has neither picture nor sound', () => {
  expect(() => plan([{ codec_type: 'subtitle' }])).toThrow(/neither picture nor sound/);
});

it('finds the longest time between two key frames, up to the end', () => {
  expect(longestGap('0.0,K__\n0.04,___\n1.5,K__\n2.0,K__\n', 7)).toBe(5);
  expect(longestGap('0.0,K__\nN/A,K__\n3.0,K__\n', 3.5)).toBe(3);
});
