/** Where a deployment's films and sound files are: a folder of this machine, or a folder or volume of a remote engine. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import type { Config } from '../../infra/config/config.ts';
import type { Mount } from '../../infra/plan/container.ts';
import type { MediaFile } from '../../infra/render/web.ts';
import { $ } from './command.ts';
import { withoutRenditions } from './media-renditions.ts';
import { Failure } from './steps.ts';

const kinds: Record<string, MediaFile['kind']> = {
  '.mp4': 'video',
  '.m4v': 'video',
  '.mov': 'video',
  '.m4a': 'audio',
  '.mp3': 'audio',
  '.wav': 'audio',
  '.ogg': 'audio',
  '.opus': 'audio',
  '.flac': 'audio',
};

/** As people sort: film 2 before film 10, and a name before the same name with something after it. */
const byName = new Intl.Collator('en', { numeric: true });
const stem = (name: string): string => name.slice(0, -extname(name).length);

/** Films and sound files among names with slashes, by name; what is hidden is left out. */
export const mediaAmong = (names: string[]): MediaFile[] =>
  names
    .filter(
      (name) =>
        kinds[extname(name).toLowerCase()] !== undefined &&
        !name.split('/').some((part) => part.startsWith('.')),
    )
    .sort((a, b) => byName.compare(stem(a), stem(b)) || byName.compare(a, b))
    .map((name) => ({ name, kind: kinds[extname(name).toLowerCase()] }));

/** Films, with their renditions, and sound files of a folder of this machine. */
export function listFolder(folder: string): MediaFile[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new Failure(
      `mediaFolder ${folder} is not a folder; create it, or make samples with \`npm run media -- sample\`.`,
    );
  }
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return mediaAmong(names.map((name) => name.replaceAll('\\', '/')));
}

/** Whether the media are where this machine's folders are not. */
const isRemote = (): boolean => (process.env.DOCKER_HOST ?? '').startsWith('ssh:');

/**
 * Films and sound files that can be played, read where they are; renditions are part of their films.
 * @param image any that has find
 */
export async function listMedia(mount: Mount, image: string): Promise<MediaFile[]> {
  const files = await listFiles(mount, image);
  const names = new Set(withoutRenditions(files.map(({ name }) => name)));
  return files.filter(({ name }) => names.has(name));
}

async function listFiles(mount: Mount, image: string): Promise<MediaFile[]> {
  if (!isRemote()) return listFolder(mount.source);
  // A container that names a volume would make it.
  if (mount.type === 'volume' && !(await volumeExists(mount.source))) return [];
  const listed = await inMedia(mount, image, 'find . -type f -printf "%P\\0"', { readOnly: true });
  return mediaAmong(listed.split('\0'));
}

const volumeExists = async (name: string): Promise<boolean> =>
  (await $({ quiet: true, nothrow: true })`docker volume inspect ${name}`).exitCode === 0;

/**
 * Runs a shell script in the media folder, by a container on the engine.
 * @returns what it printed
 * @throws Failure with what it complained of
 */
export async function inMedia(
  mount: Mount,
  image: string,
  script: string,
  { readOnly = false, args = [] as string[] } = {},
): Promise<string> {
  const ended = await $({
    quiet: true,
    nothrow: true,
  })`docker run --rm ${mediaContainer(mount, readOnly)} ${image} sh -euc ${script} sh ${args}`;
  if (ended.exitCode !== 0) throw new Failure(mediaProblem(mount, ended.stderr));
  return ended.stdout;
}

/** What a container that works on the media is run with: the media alone, and the right to write as their owner would. */
export const mediaContainer = ({ type, source, target }: Mount, readOnly = false): string[] => [
  ...['--network=none', '--user=0', '--cap-drop=ALL', '--cap-add=DAC_OVERRIDE', '--label=janus-deploy=media'],
  ...['--security-opt=no-new-privileges', `--workdir=${target}`, '--mount'],
  `type=${type},source=${source},target=${target}${readOnly ? ',readonly' : ''}`,
];

/** What a failure of such a container means, a sentence. */
export function mediaProblem({ source }: Mount, complaint: string): string {
  if (/bind source path does not exist|no such file or directory/i.test(complaint)) {
    return `mediaFolder ${source} does not exist on the engine's machine; create it there, or set a relative path for a volume that \`npm run media -- push\` fills.`;
  }
  return `The media in ${source} on the engine cannot be worked on (${complaint.trim().split('\n').at(-1)}); mend that and run the command again.`;
}

/** A folder that is missing gets sample media, except on a production stack; a remote engine's is looked at there. */
export function wrongMedia({ dockerHost, mediaFolder, production }: Config): string[] {
  if (dockerHost !== '') return [];
  const missing = !existsSync(mediaFolder);
  if (!(missing ? production : !statSync(mediaFolder).isDirectory())) return [];
  return [
    `mediaFolder ${mediaFolder} ${missing ? 'does not exist' : 'is not a folder'}; set the path of a folder of films and sound files.`,
  ];
}
