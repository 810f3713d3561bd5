/** Holds a deployed gateway to the contract of the player's package, in a browser. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build, type Rolldown } from 'vite';
import { projectFolder } from '../../scripts/lib/paths.ts';

const root = join(projectFolder, 'player');

/** The checks that fail, with why. The page is one of the deployment's player port. */
export async function brokenContract(page: Page): Promise<Record<string, string>> {
  const [{ output }] = (await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2022',
      lib: { entry: join(root, 'test/support/contract-page.ts'), formats: ['iife'], name: 'contract' },
    },
  })) as Rolldown.RolldownOutput[];
  return page.evaluate(`${output[0].code}\n;contract.broken()`);
}
