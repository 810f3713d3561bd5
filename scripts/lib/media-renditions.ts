/**
 * Renditions of a film: its pictures in fewer lines, each in a file beside it, one of which the gateway sends to a viewer
 * whose network is too narrow for the film. The play plugin finds them by their names.
 */
import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { convert, inWorkshop, putInPlace } from './media-add.ts';
import { judge, type ProbedStream, playedStreams, probeFile } from './media-check.ts';
import type { MediaTools } from './media-tools.ts';
import { Failure } from './steps.ts';

/** What a picture of so many lines needs at most, in kbit/s. These lines are all that the play plugin looks for. */
const steps = [
  { lines: 1440, kilobits: 8000 },
  { lines: 1080, kilobits: 4500 },
  { lines: 720, kilobits: 2500 },
  { lines: 480, kilobits: 1200 },
  { lines: 360, kilobits: 700 },
  { lines: 240, kilobits: 350 },
  { lines: 180, kilobits: 200 },
];

/** Each has at most so much of the lines and bits of the one above it: else a switch would change little. */
const fewerLines = 0.75;
const fewerBits = 0.6;
/** Seconds by which a picture's time may differ, as files count in different units; the play plugin allows as much. */
const tolerance = 0.002;

export interface Rendition {
  /** Of its shorter side. */
  lines: number;
  /** In no second of it much more, in bits per second. */
  rate: number;
  /** The name of its file. */
  name: string;
}

const namePattern = new RegExp(`\\.(?:${steps.map(({ lines }) => lines).join('|')})p\\.mp4$`);
const stem = (name: string): string => name.slice(0, name.length - extname(name).length);

/** Those of the names that are not of renditions, whose film is among them too. */
export function withoutRenditions(names: string[]): string[] {
  const films = new Set(names.filter((name) => !namePattern.test(name)).map(stem));
  return names.filter((name) => !(namePattern.test(name) && films.has(name.replace(namePattern, ''))));
}

/** Decides which renditions a film gets, most lines first. @param rate of its picture, in bits per second */
export function planRenditions(
  film: string,
  { width = 0, height = 0 }: ProbedStream,
  rate: number,
): Rendition[] {
  const renditions: Rendition[] = [];
  let above = { lines: Math.min(width, height), rate };
  for (const { lines, kilobits } of steps) {
    if (lines > above.lines * fewerLines) continue;
    above = { lines, rate: Math.round(Math.min(kilobits * 1000, above.rate * fewerBits)) };
    renditions.push({ ...above, name: `${stem(basename(film))}.${lines}p.mp4` });
  }
  return renditions;
}

const x264Profiles: Record<string, string> = { High: 'high', Main: 'main' };

/** Arguments of ffmpeg that make a rendition with the times and key frames of its film. */
function encoding(picture: ProbedStream, { lines, rate }: Rendition): string[] {
  const { index, width = 0, height = 0, profile = '', time_base = '' } = picture;
  const scale = width < height ? `${lines}:-2` : `-2:${lines}`;
  return [
    ...['-map', `0:${index}`, '-vf', `scale=${scale}`, '-codec:v', 'libx264', '-preset', 'medium'],
    ...['-crf', '23', '-maxrate', String(rate), '-bufsize', String(rate)],
    ...['-profile:v', x264Profiles[profile] ?? 'baseline', '-bf', '0', '-pix_fmt', 'yuv420p'],
    ...['-force_key_frames', 'source', '-g', '100000', '-sc_threshold', '0'],
    ...['-fps_mode', 'passthrough', '-enc_time_base', '-1'],
    ...['-video_track_timescale', time_base.split('/')[1] ?? '90000', '-movflags', '+faststart'],
  ];
}

export interface RenditionWork {
  /** The name of its file. */
  name: string;
  /** Makes it; undefined where there is one already. @param report is told how much has been done, from 0 to 1 */
  make?: (report: (fraction: number) => void) => Promise<void>;
}

/**
 * The renditions that a film of a media folder should have; sound alone has none.
 * @throws Failure when it cannot be played.
 */
export async function findRenditions(film: string, tools: MediaTools): Promise<RenditionWork[]> {
  const probe = await probeFile(film, tools);
  const { picture } = playedStreams(probe.streams ?? []);
  const { problems } = judge(probe);
  if (problems.length > 0) throw new Failure(`${film} gets no renditions: ${problems.join(' ')}`);
  if (!picture) return [];
  const seconds = Number(probe.format?.duration);
  const rate = Number(picture.bit_rate) || ((await stat(film)).size * 8) / seconds;
  return Promise.all(
    planRenditions(film, picture, rate).map(async (rendition) => {
      const target = join(dirname(film), rendition.name);
      if (await stat(target).catch(() => undefined)) return { name: rendition.name };
      const make = (report: (fraction: number) => void) =>
        makeRendition(film, target, encoding(picture, rendition), seconds, tools, report);
      return { name: rendition.name, make };
    }),
  );
}

async function makeRendition(
  film: string,
  target: string,
  args: string[],
  seconds: number,
  tools: MediaTools,
  report: (fraction: number) => void,
): Promise<void> {
  await inWorkshop(film, dirname(target), async (workshop) => {
    const output = 'output.mp4';
    await convert(args, seconds, workshop, output, tools, report);
    const differing = differingPicture(
      await picturesOf('input', workshop, tools),
      await picturesOf(output, workshop, tools),
    );
    if (differing !== undefined) {
      throw new Failure(
        `${target} was not made, as its picture ${differing} could not take the place of that of ${film}; encode the film’s picture anew (-codec:v libx264 -bf 0) and add that.`,
      );
    }
    await putInPlace(join(workshop, output), target);
  });
}

interface TimedPicture {
  time: number;
  isKey: boolean;
}

async function picturesOf(file: string, folder: string, tools: MediaTools): Promise<TimedPicture[]> {
  const args = ['-select_streams', 'V:0', '-show_entries', 'packet=pts_time,flags', '-of', 'csv=p=0', file];
  const lines = await tools.run({ tool: 'ffprobe', args, folder, inputs: [file] });
  return lines
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(','))
    .map(([time, flags = '']) => ({ time: Number(time), isKey: flags.includes('K') }));
}

/** The number of the first picture that is at another time than in the film, or no key frame as it is there. */
export function differingPicture(film: TimedPicture[], rendition: TimedPicture[]): number | undefined {
  const count = Math.max(film.length, rendition.length);
  for (let number = 0; number < count; number++) {
    const [one, other] = [film[number], rendition[number]];
    const same = one && other && Math.abs(one.time - other.time) <= tolerance;
    if (!same || (one.isKey && !other.isKey)) return number;
  }
  return undefined;
}
