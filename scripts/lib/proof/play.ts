/** The proof that counts: a film of the deployment is played, as a viewer's browser does. */
import { playPlugin } from '../../../infra/plan/container.ts';
import type { MediaFile } from '../../../infra/render/web.ts';
import { findBrowser } from '../browser.ts';
import type { PlaybackAttempt } from '../doctor/playback.ts';
import { JanusSession } from '../janus-session.ts';
import { playInBrowser } from './browser.ts';
import type { Scene } from './scene.ts';
import { playOverTransport } from './transport.ts';

/**
 * Plays three seconds of the sample, else of the first file that can be played: in a browser, where one is installed.
 * @param files of the media folder
 */
export async function playAFilm(scene: Scene, files: MediaFile[]): Promise<PlaybackAttempt> {
  const file = await chooseFile(scene, files).catch((error: Error) => ({
    failed: `The gateway cannot be asked for films: ${error.message}`,
    remedy: '`npm run logs` says what it did; `npm run up` starts it anew',
  }));
  if (typeof file !== 'string') return file;
  const browser = await findBrowser();
  return browser ? playInBrowser(browser, scene, file) : playOverTransport(scene, file);
}

/** The sample first, then films, then sound. */
const rank = ({ name, kind }: MediaFile): number => (name === 'sample.mp4' ? 0 : kind === 'video' ? 1 : 2);

/** Files that are asked for until one can be played. */
const attempts = 20;

/** The gateway itself says whether it can play a file. */
export async function chooseFile(
  { origin, token }: Scene,
  files: MediaFile[],
): Promise<string | { nothing: string }> {
  if (files.length === 0) return { nothing: 'The media folder has no film and no sound file' };
  await using session = await JanusSession.attach(`${origin}/janus`, playPlugin, token);
  const refused: string[] = [];
  for (const { name } of files.toSorted((a, b) => rank(a) - rank(b)).slice(0, attempts)) {
    const { plugindata } = await session.send({ request: 'probe.file', file: name });
    const { code, reason } = (plugindata as { data: { code: number; reason?: string } }).data;
    if (code === 0) return name;
    refused.push(`${name}: ${code === 404 ? 'the gateway does not find it' : reason}`);
  }
  return { nothing: `None of the media folder’s files can be played (${refused[0]})` };
}
