/** A copy of the checkout that a test may change. */
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { $ } from 'zx';
import { projectFolder } from '../../scripts/lib/paths.ts';

/** Copies what git knows or would add to `folder`; packages are shared, or left out. */
export async function copyCheckout(folder: string, packages: 'shared' | 'none' = 'shared'): Promise<void> {
  const listed = await $({
    quiet: true,
    cwd: projectFolder,
  })`git ls-files --cached --others --exclude-standard`;
  for (const name of listed.stdout
    .split('\n')
    .filter((line) => line !== '' && existsSync(join(projectFolder, line)))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    cpSync(join(projectFolder, name), join(folder, name));
  }
  if (packages === 'shared') symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
}
