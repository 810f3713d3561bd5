/** A new plugin beside the play plugin, from a skeleton that answers. */
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectFolder } from '../paths.ts';
import { Failure } from '../steps.ts';

export const pluginsFolder = join(projectFolder, 'janus-plugins');
const skeleton = fileURLToPath(new URL('skeleton', import.meta.url));

/** Of the play plugin, what serves any. */
const shared = ['bootstrap', 'COPYING', '.gitignore', 'tests/support/tap.h'];

/** Makes `janus-plugins/NAME`, which builds and is tested. @throws Failure for a name that cannot be one */
export async function createPlugin(name: string): Promise<void> {
  const folder = join(pluginsFolder, name);
  if (!/^[a-z][a-z0-9_]{0,30}$/.test(name)) {
    throw new Failure(
      `${JSON.stringify(name)} is no name for a plugin; accepted: up to 31 lower case letters, digits and underscores, a letter first.`,
    );
  }
  if (existsSync(folder)) throw new Failure(`janus-plugins/${name} is there already; take another name.`);
  for (const file of shared) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await cp(join(pluginsFolder, 'play', file), join(folder, file));
  }
  for (const entry of await readdir(skeleton, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const from = join(entry.parentPath, entry.name);
    const to = join(folder, from.slice(skeleton.length));
    await mkdir(dirname(to), { recursive: true });
    const { mode } = await stat(from);
    await writeFile(to, (await readFile(from, 'utf8')).replaceAll('skeleton', name), { mode });
  }
  console.log(`janus-plugins/${name} answers every message of clients that attach to janus.plugin.${name}.
  Run it: npm run plugin -- rebuild
  Test it: npm test -- plugin`);
}
