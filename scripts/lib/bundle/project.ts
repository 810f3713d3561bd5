/** What tells whether a bundle was made from this checkout. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toolchainKey } from '../../../toolchain/build.ts';
import { checkoutParts, prometheusParts } from '../build-contexts.ts';
import { hashParts } from '../contexts.ts';
import { projectFolder } from '../paths.ts';
import { projectVersion } from '../version.ts';
import type { Manifest } from './file.mjs';

const text = (name: string): string => readFileSync(join(projectFolder, name), 'utf8');

/** The checkout as a manifest describes it. */
export async function describeProject(): Promise<Manifest['project']> {
  const sources = createHash('sha256').update(toolchainKey());
  for (const parts of [...Object.values(checkoutParts), prometheusParts]) {
    sources.update(JSON.stringify(await hashParts(parts, projectFolder)));
  }
  return {
    version: projectVersion,
    lock: createHash('sha256').update(text('package-lock.json')).digest('hex'),
    sources: sources.digest('hex'),
  };
}
