/** Removes what earlier deployments left and no rollback will ask for. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serviceNames } from '../../infra/plan/container.ts';
import { $ } from './command.ts';
import { cacheFolder } from './paths.ts';

/** Images of a service that are kept: the running one, some to go back to, those that other stacks are about to run. */
const keptImages = 12;
/** Build contexts, of three services each. */
const keptContexts = 36;

const uses = join(cacheFolder, 'images');
const contexts = join(cacheFolder, 'contexts');

/** The empty file whose age tells when an image was last deployed, which the engine does not know. */
const mark = (image: string): string => join(uses, image.replace(/[/:]/g, '-'));

/** Notes that images are being deployed: another run's `prune` leaves them alone. */
export async function noteUse(images: { name: string; context: string }[]): Promise<void> {
  await mkdir(uses, { recursive: true });
  const now = new Date();
  for (const { name, context } of images) {
    await writeFile(mark(name), '');
    await utimes(context, now, now);
  }
}

/** Removes the images that were deployed the longest time ago and no container uses, and such build contexts. */
export async function prune(): Promise<void> {
  for (const service of [...serviceNames, 'gateway-debug', 'prometheus']) {
    const listed = await $({
      quiet: true,
    })`docker images --filter reference=janus-deploy/${service} --format ${'{{.Repository}}:{{.Tag}}'}`;
    // Those that a release has tagged are nobody's to remove.
    const images = listed.stdout.split('\n').filter((line) => /:[0-9a-f]{16}$/.test(line));
    const old = byLastUse(images, mark).slice(keptImages);
    // The engine refuses to remove what is in use.
    if (old.length > 0) await $({ quiet: true, nothrow: true })`docker rmi ${old}`;
    for (const image of old) await rm(mark(image), { force: true });
  }
  const staged = readdirSync(contexts).filter((name) => !name.endsWith('.log'));
  for (const name of byLastUse(staged, (name) => join(contexts, name)).slice(keptContexts)) {
    await rm(join(contexts, name), { recursive: true, force: true });
    await rm(join(contexts, `${name}.log`), { force: true });
  }
}

/** The latest used first. */
function byLastUse(names: string[], path: (name: string) => string): string[] {
  const lastUse = new Map(
    names.map((name) => [name, existsSync(path(name)) ? statSync(path(name)).mtimeMs : 0]),
  );
  return names.toSorted((a, b) => (lastUse.get(b) as number) - (lastUse.get(a) as number));
}
