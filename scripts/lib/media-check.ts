/** Says of a file whether the gateway can play it, before it is put there: by the same rules as the play plugin. */
import { mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { MediaTools } from './media-tools.ts';
import { Failure } from './steps.ts';

/** What ffprobe says of a file, as far as it matters here. */
export interface Probe {
  format: { format_name: string; duration?: string };
  streams: ProbedStream[];
}

export interface ProbedStream {
  index?: number;
  codec_type: string;
  codec_name?: string;
  profile?: string;
  pix_fmt?: string;
  has_b_frames?: number;
  width?: number;
  height?: number;
  bit_rate?: string;
  time_base?: string;
  sample_rate?: string;
  channels?: number;
  disposition?: { attached_pic?: number };
  side_data_list?: { rotation?: number }[];
  tags?: { handler_name?: string };
}

const containers = ['mp4', 'mp3', 'wav', 'ogg', 'flac'];
/** The names that ffprobe has for a file's container. */
const containersOf = (format?: Probe['format']): string[] => format?.format_name.split(',') ?? [];
const profiles = ['Constrained Baseline', 'Baseline', 'Main', 'High'];
const sounds = /^(aac|mp3|opus|flac|pcm_(u8|[sf]32[lb]e|s16[lb]e|s24[lb]e|alaw|mulaw))$/;

export interface Verdict {
  /** What the file is, for a person. */
  summary: string;
  /** Why it cannot be played, each with what to do; empty if it can. */
  problems: string[];
}

/** @throws Failure when there is no such file. */
export async function checkFile(path: string, tools: MediaTools): Promise<Verdict> {
  return judge(await probeFile(path, tools));
}

/**
 * What ffprobe says of a file; nothing when it is no media file.
 * @throws Failure when there is no such file.
 */
export async function probeFile(path: string, tools: MediaTools): Promise<Partial<Probe>> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new Failure(`${path} is not a file; name a film or a sound file.`);
  // Under a name of ours, as the tools may take it for an option or have to pack it up.
  const folder = await mkdtemp(join(tmpdir(), 'janus-deploy-check-'));
  try {
    await symlink(resolve(path), join(folder, 'media'));
    const args = ['-show_format', '-show_streams', '-of', 'json', 'media'];
    const probe = await tools.run({ tool: 'ffprobe', args, folder, inputs: ['media'] }).catch(() => '{}');
    return JSON.parse(probe) as Partial<Probe>;
  } finally {
    await rm(folder, { recursive: true });
  }
}

export function judge({ format, streams }: Partial<Probe>): Verdict {
  if (!format || !streams?.length || !containersOf(format).some((name) => containers.includes(name))) {
    return {
      summary: 'unknown',
      problems: ['it is not mp4, mp3, wav, ogg or flac, or it is damaged; convert it to mp4.'],
    };
  }
  const { picture, sounds } = playedStreams(streams);
  const problems = picture ? pictureProblems(picture) : [];
  // One that can be played is enough.
  const inSounds = sounds.map((each) => soundProblems(each, format));
  if (inSounds.every((each) => each.length > 0)) problems.push(...(inSounds[0] ?? []));
  const [sound] = sounds;
  if (!picture && !sound) problems.push('it has neither picture nor sound; choose another file.');
  const parts = [
    picture && `${picture.codec_name} ${picture.profile ?? ''} ${picture.width}×${picture.height}`,
    sound &&
      `${sound.codec_name} ${sound.sample_rate} Hz, ${sound.channels === 1 ? 'mono' : `${sound.channels} channels`}`,
    format.duration && `${Math.round(Number(format.duration))} s`,
  ];
  return { summary: parts.filter(Boolean).join(', '), problems };
}

/** The streams of a file that are played: its picture, which a cover is not, and the sounds to choose from. */
export function playedStreams(streams: ProbedStream[]): { picture?: ProbedStream; sounds: ProbedStream[] } {
  const played = streams.filter(({ disposition }) => !disposition?.attached_pic);
  return {
    picture: played.find(({ codec_type }) => codec_type === 'video'),
    sounds: played.filter(({ codec_type }) => codec_type === 'audio'),
  };
}

/** Why a picture cannot be shown. */
export function pictureProblems(picture: ProbedStream): string[] {
  const { codec_name, profile = 'unknown', pix_fmt, has_b_frames, side_data_list } = picture;
  if (codec_name !== 'h264') {
    return [
      `its picture is ${codec_name}, accepted is h264; convert it with -codec:v libx264 -bf 0 -pix_fmt yuv420p.`,
    ];
  }
  const problems: string[] = [];
  if (!profiles.includes(profile) || !/^yuvj?420p$/.test(pix_fmt ?? '')) {
    problems.push(
      `its picture is H.264 ${profile} (${pix_fmt}), accepted are ${profiles.join(', ')} in 8 bit 4:2:0; convert it with -codec:v libx264 -bf 0 -pix_fmt yuv420p.`,
    );
  }
  if (has_b_frames) {
    problems.push(
      'its picture has B-frames, which browsers cannot show; convert it with -codec:v libx264 -bf 0.',
    );
  }
  if (side_data_list?.some(({ rotation }) => rotation)) {
    problems.push(
      'its picture is to be rotated, which browsers would not do; convert it with -codec:v libx264 -bf 0.',
    );
  }
  return problems;
}

/** Why a sound cannot be heard. */
export function soundProblems({ codec_name = 'unknown' }: ProbedStream, format?: Probe['format']): string[] {
  const inOgg = containersOf(format).includes('ogg');
  if (inOgg ? codec_name === 'opus' : sounds.test(codec_name)) return [];
  const accepted = inOgg ? 'accepted in Ogg is Opus' : 'accepted are AAC, MP3, Opus, FLAC and PCM';
  return [`its sound is ${codec_name}, ${accepted}; convert it with -codec:a ${inOgg ? 'libopus' : 'aac'}.`];
}
