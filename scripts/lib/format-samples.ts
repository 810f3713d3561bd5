/** Short films and sounds in all the forms that files come in, for the play plugin's own tests. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findMediaTools } from './media-tools.ts';

const seconds = 4.5;
const picture = ['-f', 'lavfi', '-i', `testsrc2=size=320x240:rate=25:duration=${seconds}`];
/** 1 kHz in the first tenth of every second. */
const tone = (rate: number, channels: string) => [
  ...['-f', 'lavfi', '-i'],
  `aevalsrc=if(lt(mod(t\\,1)\\,0.1)\\,0.5*sin(2*PI*1000*t)\\,0):sample_rate=${rate}:duration=${seconds}`,
  ...['-af', `pan=${channels}`],
];
const mono = 'mono|c0=c0';
const stereo = 'stereo|FL=c0|FR=c0';
const surround = '5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0';
/** A key frame every two seconds. */
const h264 = (profile: string) => [
  ...['-codec:v', 'libx264', '-profile:v', profile, '-pix_fmt', 'yuv420p', '-preset', 'veryfast', '-bf', '0'],
  ...['-g', '50', '-keyint_min', '50', '-sc_threshold', '0'],
];
const film = (profile: string, ...sound: string[]) => [...picture, ...sound, ...h264(profile)];
const copied = ['-i', 'base.mp4', '-codec', 'copy'];

/** Arguments of ffmpeg; what comes later may be made from base.mp4. */
const recipes: Record<string, string[]> = {
  'base.mp4': film('baseline', ...tone(48_000, stereo)),
  'main.mp4': film('main', ...tone(44_100, mono)),
  'high.mov': film('high', ...tone(22_050, mono), '-movflags', '+faststart'),
  'variable-rate.mp4': [...film('main'), '-vf', "select='not(mod(n,3))+not(mod(n,7))'", '-vsync', 'vfr'],
  'fragments.mp4': [...copied, '-movflags', 'frag_keyframe+empty_moov'],
  'dash.mp4': [...copied, '-movflags', 'frag_keyframe+empty_moov+dash+global_sidx'],
  'late-sound.mp4': ['-i', 'base.mp4', '-itsoffset', '0.7', ...copied, '-map', '0:v', '-map', '1:a'],
  'late-picture.mp4': ['-itsoffset', '0.7', '-i', 'base.mp4', ...copied, '-map', '0:v', '-map', '1:a'],
  'cut.mp4': ['-ss', '1.3', ...copied],
  'languages.mp4': [
    ...['-i', 'base.mp4', '-f', 'lavfi', '-i', 'anullsrc=sample_rate=32000:duration=3'],
    ...['-map', '0:v', '-map', '0:a', '-map', '1:a', '-codec:v', 'copy', '-codec:a:0', 'copy'],
    ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=deu'],
  ],
  'opus-beside.mp4': [
    ...['-i', 'base.mp4', '-map', '0:v', '-map', '0:a', '-map', '0:a', '-codec', 'copy'],
    ...['-codec:a:1', 'libopus', '-metadata:s:a:1', 'handler_name=Opus of sound 0'],
  ],
  'opus.mp4': ['-i', 'base.mp4', '-codec:v', 'copy', '-codec:a', 'libopus'],
  // Two hours, of a picture a second.
  'long.mp4': [
    ...[
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=64x48:rate=1:duration=7200',
      '-stream_loop',
      '-1',
      '-i',
      'base.mp4',
    ],
    ...['-map', '0:v', '-map', '1:a', '-t', '7200', ...h264('baseline'), '-g', '2', '-codec:a', 'copy'],
  ],
  'pcm.mov': ['-i', 'base.mp4', '-codec:v', 'copy', '-codec:a', 'pcm_s24be'],
  'mp3.mp4': ['-i', 'base.mp4', '-codec:v', 'copy', '-codec:a', 'libmp3lame'],
  'flac.mp4': ['-i', 'base.mp4', '-codec:v', 'copy', '-codec:a', 'flac', '-strict', '-2'],
  ...Object.fromEntries(
    [8000, 11_025, 16_000, 24_000, 32_000, 64_000, 88_200, 96_000].map((rate) => [
      `aac-${rate}.m4a`,
      tone(rate, mono),
    ]),
  ),
  'aac-5.1.m4a': tone(48_000, surround),
  'pcm-24.wav': [...tone(96_000, surround), '-codec:a', 'pcm_s24le'],
  'pcm-float.wav': [...tone(44_100, stereo), '-codec:a', 'pcm_f32le'],
  'sound.mp3': tone(44_100, stereo),
  'bare.mp3': [...tone(44_100, stereo), '-write_xing', '0'],
  'opus.ogg': [...tone(48_000, stereo), '-codec:a', 'libopus'],
  'opus-60.ogg': [...tone(48_000, mono), '-codec:a', 'libopus', '-frame_duration', '60'],
  'opus-2.5.ogg': [...tone(48_000, stereo), '-codec:a', 'libopus', '-frame_duration', '2.5', '-b:a', '510k'],
  'opus-5.1.ogg': [...tone(48_000, surround), '-codec:a', 'libopus'],
  'sound.flac': tone(44_100, stereo),
  'flac-24.flac': [...tone(96_000, mono), '-sample_fmt', 's32'],
  'flac.ogg': [...tone(48_000, stereo), '-codec:a', 'flac'],
  'vorbis.ogg': [...tone(48_000, stereo), '-codec:a', 'libvorbis'],
};

/** @returns the folder that has them, below `folder`, where they are made once. */
export async function ensureFormats(folder: string): Promise<string> {
  const code = await readFile(fileURLToPath(import.meta.url));
  const place = join(folder, `formats-${createHash('sha256').update(code).digest('hex').slice(0, 12)}`);
  if (await stat(place).catch(() => undefined)) return place;
  const workshop = `${place}.${process.pid}`;
  const tools = await findMediaTools();
  try {
    await mkdir(workshop, { recursive: true });
    for (const [output, args] of Object.entries(recipes)) {
      const inputs = args.includes('base.mp4') ? ['base.mp4'] : [];
      await tools.run({ tool: 'ffmpeg', folder: workshop, inputs, output, args: [...args, output] });
    }
    await rename(workshop, place);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
  return place;
}
