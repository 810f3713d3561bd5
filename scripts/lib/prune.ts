/** Removes what earlier deployments left and no rollback will ask for. */
import { readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from './command.ts';
import { cacheFolder } from './paths.ts';

/** Images of a service that are kept: the running one, some to go back to, those that other stacks are building. */
const keptImages = 12;
/** Build contexts, of three services each. */
const keptContexts = 36;

/** Removes older images that no container uses, and older build contexts with their logs. */
export async function prune(): Promise<void> {
  for (const service of ['gateway', 'turn', 'web']) {
    // The engine lists the newest first, and refuses to remove what is in use.
    const listed = await $({
      quiet: true,
    })`docker images --filter reference=janus-deploy/${service} --format ${'{{.Repository}}:{{.Tag}}'}`;
    const old = listed.stdout.trim().split('\n').slice(keptImages);
    if (old.length > 0) await $({ quiet: true, nothrow: true })`docker rmi ${old}`;
  }
  const contexts = join(cacheFolder, 'contexts');
  const byAge = readdirSync(contexts)
    .filter((name) => !name.endsWith('.log'))
    .map((name) => ({ name, age: -statSync(join(contexts, name)).mtimeMs }))
    .sort((a, b) => a.age - b.age);
  for (const { name } of byAge.slice(keptContexts)) {
    await rm(join(contexts, name), { recursive: true, force: true });
    await rm(join(contexts, `${name}.log`), { force: true });
  }
}
