/** Puts a film or sound file into a media folder, changed only as far as the gateway needs it. */
import { chmod, copyFile, link, mkdir, open, rm, stat, symlink } from 'node:fs/promises';
import { basename, join, parse, resolve } from 'node:path';
import {
  judge,
  type Probe,
  type ProbedStream,
  pictureProblems,
  playedStreams,
  probeFile,
  soundProblems,
} from './media-check.ts';
import type { MediaTools } from './media-tools.ts';
import { Failure } from './steps.ts';

/** Seconds between key frames at most: so far a viewer who seeks, or has lost a picture, may be from one. */
export const keyFrameInterval = 2;

/** What is done to a file; nothing at all when there are no reasons. */
export interface Conversion {
  /** Each the beginning of a sentence: what is changed, and why. */
  reasons: string[];
  /** Arguments of ffmpeg between input and output. */
  args: string[];
  /** The name's ending. */
  extension: string;
}

/** What is known of a file beside its streams. */
export interface Layout {
  /** The longest time between two key frames of the picture, in seconds. */
  longestGap: number;
  /** Whether the index of an mp4 comes after its frames. */
  indexAtEnd: boolean;
}

const h264 = [
  ...['-codec:v', 'libx264', '-preset', 'medium', '-crf', '20', '-bf', '0', '-pix_fmt', 'yuv420p'],
  ...['-force_key_frames', `expr:gte(t,n_forced*${keyFrameInterval})`],
];

/** What an mp4 takes as it is. */
const fitsMp4 = /^(aac|mp3|opus|flac)$/;

/** By which the play plugin knows the Opus that is beside another sound of a film. */
const besideName = (number: number): string => `Opus of sound ${number}`;

/** Of each sound as it is, or as AAC; and of a film, beside each that is not Opus, the same as Opus. */
function planSounds(sounds: ProbedStream[], film: boolean, format: Probe['format'] | undefined) {
  const own = sounds.filter(({ tags }) => !tags?.handler_name?.startsWith('Opus of sound '));
  const reencoded = own.map(
    (sound) => soundProblems(sound, format).length > 0 || !fitsMp4.test(sound.codec_name ?? ''),
  );
  const bare = film ? own.flatMap(({ codec_name }, number) => (codec_name === 'opus' ? [] : [number])) : [];
  const hasAll = sounds.length === own.length + bare.length;
  return {
    reencoded: own.some((sound) => soundProblems(sound, format).length > 0),
    besides: bare.length > 0 && !hasAll,
    args: [
      ...own.flatMap(({ index }, number) => [
        ...['-map', `0:${index}`, `-codec:a:${number}`],
        ...(reencoded[number] ? ['aac', `-b:a:${number}`, '160k'] : ['copy']),
      ]),
      ...bare.flatMap((number, place) => {
        const stream = `a:${own.length + place}`;
        return [
          ...['-map', `0:${own[number].index}`, `-codec:${stream}`, 'libopus', `-b:${stream}`, '128k'],
          ...[`-ac:${stream}`, '2', `-disposition:${stream}`, '0'],
          ...[`-metadata:s:${stream}`, `handler_name=${besideName(number)}`],
        ];
      }),
      // What FFmpeg takes for an experiment is FLAC in an mp4.
      ...['-strict', 'experimental'],
    ],
  };
}

/**
 * Decides what has to be changed of a file.
 * @throws Failure when it has neither picture nor sound.
 */
export function planConversion(probe: Partial<Probe>, layout: Layout, extension: string): Conversion {
  const { picture, sounds } = playedStreams(probe.streams ?? []);
  if (!picture && sounds.length === 0)
    throw new Failure('It has neither picture nor sound; choose another file.');
  const names = probe.format?.format_name.split(',') ?? [];
  const inMp4 = names.includes('mp4');
  const alone = ['mp3', 'wav', 'ogg', 'flac'].some((name) => names.includes(name));
  const sound = planSounds(sounds, picture !== undefined, probe.format);
  if (!picture && alone && !sound.reencoded) return { reasons: [], args: [], extension };

  const pictureReasons = picture ? reasonsToEncode(picture, layout) : [];
  const containerReasons = inMp4
    ? layout.indexAtEnd
      ? ['its index is put at the beginning, so that it is soon found']
      : []
    : ['it is put into an mp4'];
  const reasons = [
    ...pictureReasons,
    ...(sound.reencoded ? ['its sound is encoded as AAC'] : []),
    ...(sound.besides ? ['Opus is put beside its sound, so that the gateway has none to encode'] : []),
    ...containerReasons,
  ];
  const args = [
    ...(picture
      ? ['-map', `0:${picture.index}`, ...(pictureReasons.length > 0 ? h264 : ['-codec:v', 'copy'])]
      : []),
    ...sound.args,
    ...['-movflags', '+faststart'],
  ];
  return { reasons, args, extension: reasons.length > 0 ? (picture ? '.mp4' : '.m4a') : extension };
}

function reasonsToEncode(picture: ProbedStream, { longestGap }: Layout): string[] {
  const reasons =
    pictureProblems(picture).length > 0 ? ['its picture is encoded so that browsers can show it'] : [];
  // Encoders count in frames, which need not divide a second.
  if (longestGap > keyFrameInterval + 0.1) {
    reasons.push(
      `its picture gets a key frame every ${keyFrameInterval} s (there were ${longestGap.toFixed(1)} s between two)`,
    );
  }
  return reasons;
}

/**
 * Adds the file to `folder`, under its own name with the ending of what it has become.
 * @param report is told how much has been done, from 0 to 1
 * @returns the path of the new file, and what was changed.
 * @throws Failure when there is one of that name, or the file cannot be made into one that can be played.
 */
export async function addFile(
  path: string,
  folder: string,
  tools: MediaTools,
  report: (fraction: number) => void,
): Promise<{ path: string; reasons: string[] }> {
  const probe = await probeFile(path, tools);
  if (!probe.format) throw new Failure(`${path} is no media file that ffmpeg knows; choose another.`);
  const { name, ext } = parse(basename(path));
  return inWorkshop(path, folder, async (workshop) => {
    const conversion = planConversion(probe, await readLayout(path, workshop, probe, tools), ext);
    const target = join(folder, name + conversion.extension);
    await refuseExisting(target);
    const made = join(workshop, `output${conversion.extension}`);
    if (conversion.reasons.length === 0) await copyFile(path, made);
    else
      await convert(conversion.args, Number(probe.format?.duration), workshop, basename(made), tools, report);
    await expectPlayable(made, target, tools);
    await putInPlace(made, target);
    return { path: target, reasons: conversion.reasons };
  });
}

/** Does work in a folder of its own within `folder`, hidden and removed after it, in which the file is `input`. */
export async function inWorkshop<T>(
  path: string,
  folder: string,
  work: (workshop: string) => Promise<T>,
): Promise<T> {
  await mkdir(folder, { recursive: true });
  const workshop = join(folder, `.adding-${process.pid}`);
  try {
    await mkdir(workshop);
    await symlink(resolve(path), join(workshop, 'input'));
    return await work(workshop);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

/**
 * Makes `output` of the workshop's input.
 * @param args of ffmpeg, between input and output
 * @param seconds that the input lasts, if that is known
 */
export async function convert(
  args: string[],
  seconds: number,
  workshop: string,
  output: string,
  tools: MediaTools,
  report: (fraction: number) => void,
): Promise<void> {
  const total = seconds || Number.POSITIVE_INFINITY;
  await tools.run({
    tool: 'ffmpeg',
    args: ['-progress', 'pipe:2', '-nostats', '-i', 'input', ...args, output],
    folder: workshop,
    inputs: ['input'],
    output,
    watch(line) {
      const done = /^out_time_us=(\d+)$/.exec(line);
      if (done) report(Math.min(1, Number(done[1]) / 1e6 / total));
    },
  });
}

async function refuseExisting(target: string): Promise<void> {
  if (await stat(target).catch(() => undefined)) {
    throw new Failure(`There is ${target} already; remove it, or give the file another name.`);
  }
}

async function expectPlayable(made: string, target: string, tools: MediaTools): Promise<void> {
  const { problems } = judge(await probeFile(made, tools));
  if (problems.length > 0)
    throw new Failure(`${target} was not made, as it could not be played: ${problems.join(' ')}`);
}

/** Unlike a rename, a link never takes the place of another file. */
export async function putInPlace(made: string, target: string): Promise<void> {
  const file = await open(made, 'r+');
  await file.sync();
  await file.close();
  // The gateway's user, who is not this one, may read it.
  await chmod(made, 0o644);
  await link(made, target).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') await refuseExisting(target);
    throw error;
  });
}

async function readLayout(
  path: string,
  folder: string,
  probe: Partial<Probe>,
  tools: MediaTools,
): Promise<Layout> {
  const { picture } = playedStreams(probe.streams ?? []);
  const indexAtEnd = probe.format?.format_name.includes('mp4') === true && (await hasIndexAtEnd(path));
  if (!picture) return { longestGap: 0, indexAtEnd };
  const args = [
    ...['-select_streams', String(picture.index), '-show_entries', 'packet=pts_time,flags'],
    ...['-of', 'csv=p=0', 'input'],
  ];
  const packets = await tools.run({ tool: 'ffprobe', args, folder, inputs: ['input'] });
  return { longestGap: longestGap(packets, Number(probe.format?.duration) || 0), indexAtEnd };
}

/** @param packets lines of "time,flags" @param end seconds at which the file ends */
export function longestGap(packets: string, end: number): number {
  const times = packets
    .split('\n')
    .filter((line) => line.includes(',K'))
    .map((line) => Number(line.split(',')[0]))
    .filter(Number.isFinite);
  return [...times, end].slice(1).reduce((longest, time, i) => Math.max(longest, time - times[i]), 0);
}

/** Whether the box `mdat` comes before `moov`. */
async function hasIndexAtEnd(path: string): Promise<boolean> {
  await using file = await open(path);
  const head = Buffer.alloc(16);
  for (let offset = 0; ; ) {
    const { bytesRead } = await file.read(head, 0, head.length, offset);
    const type = head.toString('latin1', 4, 8);
    if (bytesRead < 8 || type === 'moov') return false;
    if (type === 'mdat') return true;
    const size = head.readUInt32BE(0);
    const length = size === 1 && bytesRead === 16 ? Number(head.readBigUInt64BE(8)) : size;
    if (length < 8) return false;
    offset += length;
  }
}
