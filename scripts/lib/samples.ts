/** The sample media: made once, kept as long as their recipe is the same. */
import { createHash } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashFolder } from './contexts.ts';
import { findMediaTools, type MediaTools } from './media-tools.ts';
import { type Film, films, framesPerSecond, renderFilm } from './samples/films.ts';
import { counterLayout } from './samples/frame-counter.ts';
import { renderSound, type SoundFormat, wavFile } from './samples/sound.ts';
import { Failure } from './steps.ts';

const { orbits, hills } = films;
const wide = { sampleRate: 48000, channels: 2 } as const;
/** The sound of old set-ups. */
const narrow = { sampleRate: 8000, channels: 1 } as const;

/** What a recipe works with; everything lies in `folder` until all of it is done. */
interface Workshop {
  folder: string;
  tools: MediaTools;
  /** Written into every file: whose it is, and by which recipe. */
  comment: string;
}

/** How each file is made, from the files before it. */
const recipes: Record<string, (workshop: Workshop) => Promise<unknown>> = {
  'sample.wav': (workshop) => writeSound(workshop, 'sample.wav', { seconds: orbits.seconds, ...wide }),
  'sample-8k.wav': (workshop) =>
    writeSound(workshop, 'sample-8k.wav', { seconds: orbits.seconds, ...narrow }),
  'sample.mp3': (workshop) =>
    encode(workshop, 'sample.mp3', ['sample.wav'], ['-codec:a', 'libmp3lame', '-b:a', '128k']),
  'sample.mp4': (workshop) => encodeFilm(workshop, 'sample.mp4', orbits, 'sample.wav'),
  'sample-8k.mp4': (workshop) => {
    const streams = ['-map', '0:v', '-codec:v', 'copy', '-map', '1:a', '-codec:a', 'aac', '-b:a', '24k'];
    return encode(
      workshop,
      'sample-8k.mp4',
      ['sample.mp4', 'sample-8k.wav'],
      [...streams, '-movflags', '+faststart'],
    );
  },
  'sample-2.mp4': async (workshop) => {
    await writeSound(workshop, 'sound-2.wav', { seconds: hills.seconds, ...wide });
    await encodeFilm(workshop, 'sample-2.mp4', hills, 'sound-2.wav');
  },
};

/**
 * What every browser decodes and the gateway can send as it lies in the file: constrained baseline without B-frames,
 * a key frame every second so that one may join or seek anywhere.
 */
const h264 = [
  ...['-codec:v', 'libx264', '-profile:v', 'baseline', '-level:v', '3.1', '-preset', 'medium', '-bf', '0'],
  ...['-g', String(framesPerSecond), '-keyint_min', String(framesPerSecond), '-sc_threshold', '0'],
  ...['-b:v', '600k', '-maxrate', '900k', '-bufsize', '900k'],
  ...['-vf', 'scale=out_color_matrix=bt709:out_range=tv,format=yuv420p'],
  ...['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'],
];

/**
 * Makes sure that `folder` has the samples. A file of the same name that is not of our making is left as it is.
 * @returns what was done, for a person.
 */
export async function ensureSamples(folder: string): Promise<string> {
  const comment = await recipeComment();
  const names = Object.keys(recipes);
  const states = await Promise.all(names.map((name) => inspect(join(folder, name), comment)));
  const foreign = names.filter((_, index) => states[index] === 'foreign');
  const wanted = names.filter((_, index) => states[index] === 'wanted');
  const left = foreign.length === 0 ? '' : `; not of our making and left alone: ${foreign.join(', ')}`;
  if (wanted.length === 0) return `${names.length - foreign.length} files in ${folder}, up to date${left}`;
  const tools = await findMediaTools();
  await makeSamples(folder, wanted, { tools, comment });
  return `${wanted.length} files made in ${folder} by ${tools.name}${left}`;
}

const signature = 'janus-deploy sample ';

/** The comment in files of the present recipe: the code that makes them is the recipe. */
async function recipeComment(): Promise<string> {
  const code = await readFile(fileURLToPath(import.meta.url));
  const drawing = await hashFolder(fileURLToPath(new URL('samples', import.meta.url)));
  return signature + createHash('sha256').update(code).update(drawing).digest('hex').slice(0, 16);
}

/** Where in a file the comment is: mp4 and mp3 begin with it, wav ends with it. */
const searched = 256 * 1024;

async function inspect(path: string, comment: string): Promise<'current' | 'wanted' | 'foreign'> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new Failure(
      `${path} cannot be read (${error.code}); make the folder and its files readable, or name another folder.`,
    );
  });
  if (!file) return 'wanted';
  await using _ = file;
  const { size } = await file.stat();
  const [head, tail] = [Buffer.alloc(searched), Buffer.alloc(searched)];
  await file.read(head, 0, searched, 0);
  await file.read(tail, 0, searched, Math.max(0, size - searched));
  const contains = (text: string) => head.includes(text) || tail.includes(text);
  if (contains(comment)) return 'current';
  return contains(signature) ? 'wanted' : 'foreign';
}

/** Makes all that is needed in a folder of its own, and then gives the finished files their places. */
async function makeSamples(folder: string, wanted: string[], means: Omit<Workshop, 'folder'>): Promise<void> {
  const workshop = { ...means, folder: join(folder, `.making-${process.pid}`) };
  try {
    await mkdir(workshop.folder, { recursive: true });
    await removeAbandoned(folder);
    const last = Math.max(...wanted.map((name) => Object.keys(recipes).indexOf(name)));
    for (const recipe of Object.values(recipes).slice(0, last + 1)) await recipe(workshop);
    for (const name of wanted) await putInPlace(join(workshop.folder, name), join(folder, name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new Failure(
      `The samples cannot be written to ${folder} (${code}); make room, change its owner, or name another folder.`,
    );
  } finally {
    await rm(workshop.folder, { recursive: true, force: true });
  }
}

/** Removes what runs that were killed have left. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number(/^\.making-(\d+)$/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isInteger(pid) && !isRunning(pid))
      await rm(join(folder, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Renames a file that is safely on the disk; the gateway's user, who is not this one, may read it. */
async function putInPlace(from: string, to: string): Promise<void> {
  const file = await open(from, 'r+');
  await file.sync();
  await file.close();
  await chmod(from, 0o644);
  await rename(from, to);
}

const writeSound = ({ folder, comment }: Workshop, name: string, format: SoundFormat): Promise<void> =>
  writeFile(join(folder, name), wavFile(renderSound(format), format, comment));

function encode(workshop: Workshop, output: string, inputs: string[], args: string[]): Promise<string> {
  const { folder, tools, comment } = workshop;
  const sources = inputs.flatMap((name) => ['-i', name]);
  const described = ['-map_metadata', '-1', '-metadata', `comment=${comment}`, output];
  return tools.run({ tool: 'ffmpeg', folder, inputs, output, args: [...sources, ...args, ...described] });
}

function encodeFilm(
  { folder, tools, comment }: Workshop,
  output: string,
  film: Film,
  sound: string,
): Promise<string> {
  const size = `${counterLayout.width}x${counterLayout.height}`;
  const frames = [
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-s',
    size,
    '-r',
    String(framesPerSecond),
    '-i',
    'pipe:0',
  ];
  const streams = [
    '-map',
    '0:v',
    ...h264,
    '-map',
    '1:a',
    '-codec:a',
    'aac',
    '-b:a',
    '128k',
    '-movflags',
    '+faststart',
  ];
  const args = [...frames, '-i', sound, ...streams, '-metadata', `comment=${comment}`, output];
  return tools.run({ tool: 'ffmpeg', folder, inputs: [sound], output, args, stream: renderFilm(film) });
}
