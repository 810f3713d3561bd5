/** Another revision of this checkout. */
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from './command.ts';
import { projectFolder } from './paths.ts';

/** Puts what git knows of it into a folder that is there; it runs on the packages of this checkout. */
export async function unpackRevision(revision: string, folder: string): Promise<void> {
  const archive = $({ cwd: projectFolder, quiet: true })`git archive ${revision}`;
  await archive.pipe($({ quiet: true })`tar -x -C ${folder}`);
  symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules'), 'junction');
}
