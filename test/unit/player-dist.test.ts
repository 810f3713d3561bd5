/** The committed player is what its source builds. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { $ } from 'zx';
import { hashFolder } from '../../scripts/lib/contexts.ts';
import { projectFolder } from '../../scripts/lib/paths.ts';

it('is less than 120 kB for its first picture, packed as it is sent', () => {
  const page = join(projectFolder, 'player-dist');
  const sent = readdirSync(page, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(html|js|css|svg)$/.test(name),
  );
  const bytes = sent.map((name) => gzipSync(readFileSync(join(page, name))).length);
  expect(bytes.reduce((sum, size) => sum + size)).toBeLessThan(120_000);
});

it('player-dist/ is what npm run build makes', { timeout: 60_000 }, async () => {
  const built = mkdtempSync(join(tmpdir(), 'janus-deploy-player-'));
  try {
    await $({
      quiet: true,
      cwd: join(projectFolder, 'player'),
      // Vitest's own mode is not the one that is shipped.
      env: { ...process.env, NODE_ENV: 'production' },
    })`${process.execPath} ../node_modules/vite/bin/vite.js build --outDir ${built} --emptyOutDir`;
    expect(await hashFolder(built)).toBe(await hashFolder(join(projectFolder, 'player-dist')));
  } finally {
    rmSync(built, { recursive: true });
  }
});
