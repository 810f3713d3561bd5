/** ffmpeg and ffprobe: this machine's own, or Debian's in a container. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import tar from 'tar-stream';
import type { ProcessPromise } from 'zx';
import { ensureBaseImage } from './base-image.ts';
import { $ } from './command.ts';
import { hashFolder } from './contexts.ts';
import { projectFolder } from './paths.ts';
import { Failure } from './steps.ts';

export interface MediaJob {
  tool: 'ffmpeg' | 'ffprobe';
  /** They name files by their names in `folder`. */
  args: string[];
  folder: string;
  /** The files of `folder` that are read. */
  inputs: string[];
  /** What the tool reads from its standard input. */
  stream?: Iterable<Uint8Array>;
  /** The file of `folder` that is made. */
  output?: string;
  /** Is given what the tool prints on its standard error, line by line. */
  watch?: (line: string) => void;
}

export interface MediaTools {
  /** Which they are, for a person. */
  name: string;
  /** Runs a tool and returns what it printed. */
  run(job: MediaJob): Promise<string>;
}

const quiet = {
  ffmpeg: ['-hide_banner', '-nostdin', '-loglevel', 'error', '-y'],
  ffprobe: ['-hide_banner', '-loglevel', 'error'],
};

/** What samples and added files are encoded with; a distribution may ship an ffmpeg without them. */
const encoders = ['libx264', 'aac', 'libmp3lame', 'libopus'];

/**
 * The tools of this machine if they can encode what the samples need, else those of an image that is built for it.
 * @throws Failure when there is neither.
 */
export async function findMediaTools(): Promise<MediaTools> {
  const own = await ownTools();
  return own ?? (await containerTools());
}

async function ownTools(): Promise<MediaTools | undefined> {
  const answers = await Promise.all([
    $({ nothrow: true, quiet: true })`ffmpeg -hide_banner -encoders`,
    $({ nothrow: true, quiet: true })`ffmpeg -version`,
    $({ nothrow: true, quiet: true })`ffprobe -version`,
  ]);
  if (answers.some(({ exitCode }) => exitCode !== 0)) return undefined;
  const [listed, version] = answers.map(({ stdout }) => stdout);
  if (!encoders.every((encoder) => new RegExp(`^ [VA]\\S+ ${encoder} `, 'm').test(listed))) return undefined;
  return {
    name: `this machine’s ffmpeg ${version.split(' ')[2]}`,
    async run({ tool, args, folder, stream, watch }) {
      const input = stream ? Readable.from(stream, { objectMode: false }) : undefined;
      const process = $({ cwd: folder, quiet: true, nothrow: true, input })`${tool} ${quiet[tool]} ${args}`;
      return (await finished(tool, process, watch)).stdout;
    },
  };
}

/** In a container without network, to which files go by standard input: the engine may be another machine. */
async function containerTools(): Promise<MediaTools> {
  const image = await ensureMediaImage();
  const sandbox = [
    '--network=none',
    '--cap-drop=ALL',
    '--security-opt=no-new-privileges',
    '--label=janus-deploy=media',
  ];
  return {
    name: `the ffmpeg of ${image}, as this machine has none with ${encoders.join(', ')}`,
    async run({ tool, args, folder, inputs, stream = [], output = '', watch }) {
      const files = await packFiles(folder, inputs);
      const input = Readable.from(joined(files.content, stream), { objectMode: false });
      const command = [files.bytes, output, tool, ...quiet[tool], ...args];
      const process = $({
        quiet: true,
        nothrow: true,
        input,
      })`docker run --rm --interactive ${sandbox} ${image} ${command}`;
      if (output === '') return (await finished(tool, process, watch)).stdout;
      const saved = pipeline(process.stdout, createWriteStream(join(folder, output)));
      await finished(tool, process, watch);
      await saved;
      return '';
    },
  };
}

/** A tar of files with plain short names, and its size. */
async function packFiles(folder: string, names: string[]): Promise<{ bytes: number; content: Readable }> {
  const block = 512;
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  const pack = tar.pack();
  const packed = (async () => {
    for (const [index, name] of names.entries()) {
      await pipeline(createReadStream(join(folder, name)), pack.entry({ name, size: sizes[index] }));
    }
    pack.finalize();
  })();
  packed.catch((error) => pack.destroy(error));
  // A header and whole blocks for each file, two empty blocks at the end.
  return {
    bytes: sizes.reduce((sum, size) => sum + block * (1 + Math.ceil(size / block)), 2 * block),
    content: Readable.from(pack),
  };
}

async function* joined(
  ...parts: (Iterable<Uint8Array> | AsyncIterable<Uint8Array>)[]
): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield* part;
}

async function finished(tool: string, process: ProcessPromise, watch?: (line: string) => void) {
  if (watch) createInterface({ input: process.stderr }).on('line', watch);
  const result = await process;
  if (result.exitCode !== 0) {
    // Without the figures of its progress.
    const said = result.stderr.split('\n').filter((line) => line.trim() !== '' && !/^\w+=/.test(line));
    throw new Failure(`${tool} failed: ${said.slice(-3).join(' ') || `status ${result.exitCode}`}`);
  }
  return result;
}

/** Builds the image with Debian’s ffmpeg if it is not there. @returns its name. @throws Failure when it cannot be built. */
export async function ensureMediaImage(): Promise<string> {
  const folder = join(projectFolder, 'images', 'media');
  const base = await ensureBaseImage('auto');
  const hash = createHash('sha256')
    .update(base.name)
    .update(await hashFolder(folder))
    .digest('hex')
    .slice(0, 12);
  const image = `janus-deploy/media:${hash}`;
  if ((await $({ nothrow: true, quiet: true })`docker image inspect ${image}`).exitCode === 0) return image;
  const built = await $({
    nothrow: true,
    quiet: true,
  })`docker build --quiet --tag ${image} --build-arg BASE_IMAGE=${base.name} ${folder}`;
  if (built.exitCode !== 0) {
    throw new Failure(
      `This machine has no ffmpeg with ${encoders.join(', ')}, and an image with one could not be built (${built.stderr.trim().split('\n').at(-1)}); install ffmpeg.`,
    );
  }
  return image;
}
