import { expect, it } from 'vitest';
import { judge, type ProbedStream } from '../../scripts/lib/media-check.ts';

const picture: ProbedStream = {
  codec_type: 'video',
  codec_name: 'h264',
  profile: 'Constrained Baseline',
  pix_fmt: 'yuv420p',
  has_b_frames: 0,
  width: 854,
  height: 480,
};
const sound: ProbedStream = { codec_type: 'audio', codec_name: 'aac', sample_rate: '48000', channels: 2 };
const mp4 = (...streams: ProbedStream[]) => ({
  format: { format_name: 'mov,mp4,m4a', duration: '24.0' },
  streams,
});

it('accepts what the gateway plays', () => {
  expect(judge(mp4(picture, sound))).toEqual({
    summary: 'h264 Constrained Baseline 854×480, aac 48000 Hz, 2 channels, 24 s',
    problems: [],
  });
  const cover = { codec_type: 'video', codec_name: 'mjpeg', disposition: { attached_pic: 1 } };
  expect(
    judge({ format: { format_name: 'mp3' }, streams: [cover, { ...sound, codec_name: 'mp3' }] }).problems,
  ).toEqual([]);
  for (const [format_name, codec_name] of [
    ['wav', 'pcm_s16le'],
    ['ogg', 'opus'],
    ['flac', 'flac'],
  ]) {
    expect(judge({ format: { format_name }, streams: [{ ...sound, codec_name }] }).problems).toEqual([]);
  }
});

it.each([
  [
    'another container',
    { format: { format_name: 'matroska,webm' }, streams: [picture] },
    /not mp4, mp3, wav, ogg or flac/,
  ],
  ['no media at all', {}, /not mp4, mp3, wav, ogg or flac, or it is damaged/],
  ['subtitles alone', mp4({ codec_type: 'subtitle' }), /neither picture nor sound/],
  ['another video codec', mp4({ ...picture, codec_name: 'hevc' }), /is hevc, accepted is h264/],
  [
    'ten bits',
    mp4({ ...picture, profile: 'High 10', pix_fmt: 'yuv420p10le' }),
    /H\.264 High 10 \(yuv420p10le\)/,
  ],
  ['B-frames', mp4({ ...picture, profile: 'High', has_b_frames: 2 }), /has B-frames/],
  ['another audio codec', mp4(picture, { ...sound, codec_name: 'ac3' }), /sound is ac3/],
  [
    'Ogg with anything but Opus',
    { format: { format_name: 'ogg' }, streams: [{ ...sound, codec_name: 'flac' }] },
    /sound is flac, accepted in Ogg is Opus/,
  ],
  ['a turned picture', mp4({ ...picture, side_data_list: [{ rotation: 90 }] }), /is to be rotated/],
])('refuses %s and says why', (_, probe, reason) => {
  const { problems } = judge(probe);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(reason);
});

it('names all that is wrong', () => {
  expect(
    judge(mp4({ ...picture, has_b_frames: 1 }, { ...sound, codec_name: 'vorbis' })).problems,
  ).toHaveLength(2);
});
