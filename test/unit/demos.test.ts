import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stageDemoVendor } from '../../scripts/lib/demos.ts';
import { projectFolder } from '../../scripts/lib/paths.ts';

describe('the demos’ third-party files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vendor-'));
    await stageDemoVendor(folder, join(projectFolder, 'node_modules'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  const styleSheets = async (): Promise<string[]> =>
    (await readdir(join(folder, 'css'))).map((name) => `css/${name}`);

  test('are all that the pages name', async () => {
    const names = (await readdir(folder, { recursive: true })).sort();
    expect(names.filter((name) => /\.(js|css)$/.test(name))).toMatchInlineSnapshot(`
      [
        "css/bootstrap.css",
        "css/font-awesome.css",
        "css/toastr.css",
        "js/adapter.js",
        "js/bootbox.js",
        "js/bootstrap.js",
        "js/jquery.blockUI.js",
        "js/jquery.js",
        "js/spin.js",
        "js/toastr.js",
      ]
    `);
  });

  test('load nothing from another server', async () => {
    for (const sheet of await styleSheets())
      expect(await read(sheet), sheet).not.toMatch(/(@import|url\(.?)\s*https?:/);
  });

  test('bring every file that their style sheets name', async () => {
    for (const sheet of await styleSheets()) {
      for (const [, url] of (await read(sheet)).matchAll(/url\(["']?([^"')]+)/g)) {
        if (url.startsWith('data:')) continue;
        const file = join(folder, dirname(sheet), url.replace(/[?#].*/, ''));
        expect(existsSync(file), `${sheet} names ${url}`).toBe(true);
      }
    }
  });

  test('are of the kind that their names say', async () => {
    expect(await read('js/jquery.js')).toMatch(/jQuery v3\./);
    expect(await read('js/bootstrap.js')).toMatch(/Bootstrap v3\./);
    expect(await read('css/bootstrap.css')).toMatch(/bootswatch v3\./);
  });
});
