/** The films that are watched: made once from the sample film, 600 kbit/s of H.264 with sound. */
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { findMediaTools } from '../scripts/lib/media-tools.ts';
import { cacheFolder } from '../scripts/lib/paths.ts';
import { ensureSamples } from '../scripts/lib/samples.ts';

export const filmFolder = join(cacheFolder, 'bench', 'films');

/** Long enough for a whole ladder of viewers. */
const seconds = 300;

/** The same pictures, with sound that has to be transcoded and with sound that is sent as it lies in the file. */
export const films = { aac: 'film-aac.mp4', opus: 'film-opus.mp4' };

/** Two hours, whose sound has to be transcoded. */
export const longFilm = { name: 'film-two-hours.mp4', seconds: 7200 };

/** A minute with sound that is sent as it lies in the file, so that only what is sent costs anything. */
const short = 'film-short.mp4';

/** Film number `number` of those that are files of their own. */
export const otherFilm = (number: number): string => `film-short-${String(number).padStart(3, '0')}.mp4`;

async function make(name: string, inputs: string[], args: string[]): Promise<void> {
  if (existsSync(join(filmFolder, name))) return;
  const tools = await findMediaTools();
  const output = `making-${name}`;
  const whole = [...args, '-movflags', '+faststart', output];
  await tools.run({ tool: 'ffmpeg', folder: filmFolder, inputs, output, args: whole });
  await chmod(join(filmFolder, output), 0o644);
  await rename(join(filmFolder, output), join(filmFolder, name));
}

const repeatSample = (name: string, seconds: number): Promise<void> =>
  make(name, ['sample.mp4'], ['-stream_loop', '-1', '-i', 'sample.mp4', '-t', `${seconds}`, '-c', 'copy']);

export const ensureLongFilm = (): Promise<void> => repeatSample(longFilm.name, longFilm.seconds);

/** Makes sure of the films and of `others` different ones. */
export async function ensureFilms(others: number): Promise<void> {
  await mkdir(filmFolder, { recursive: true });
  const samples = join(cacheFolder, 'samples');
  await ensureSamples(samples);
  await copyFile(join(samples, 'sample.mp4'), join(filmFolder, 'sample.mp4'));
  await repeatSample(films.aac, seconds);
  await make(films.opus, [films.aac], ['-i', films.aac, '-c:v', 'copy', '-c:a', 'libopus', '-b:a', '128k']);
  await make(short, [films.opus], ['-i', films.opus, '-t', '60', '-c', 'copy']);
  for (let number = 0; number < others; number++) {
    await copyFile(join(filmFolder, short), join(filmFolder, otherFilm(number)));
  }
}
