/** Holds the walls of the house: who may import whom. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectFolder } from '../../scripts/lib/paths.ts';

const imports = (folder: string): { file: string; imported: string }[] =>
  readdirSync(join(projectFolder, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const text = readFileSync(join(projectFolder, folder, name), 'utf8');
      return [...text.matchAll(/from '([^']+)'/g)].map(([, imported]) => ({
        file: join(folder, name),
        imported,
      }));
    });

/** Rooms that only compute: a name outside of these lists is an import they may not have. */
const pure: [string, RegExp][] = [
  ['infra/config', /^(\.\/|zod$|node:util$)/],
  ['infra/plan', /^(\.\/|\.\.\/config\/|node:crypto$)/],
  ['infra/render', /^(\.\/|\.\.\/(config|plan)\/)/],
  ['scripts/lib/doctor', /^(\.\/|(\.\.\/){3}infra\/plan\/|zod$)/],
];

it.each(pure)('%s imports pure rooms alone', (folder, allowed) => {
  expect(imports(folder).filter(({ imported }) => !allowed.test(imported))).toEqual([]);
});

it('only resources/ and the table of contents know Pulumi', () => {
  const others = ['infra/config', 'infra/plan', 'infra/render', 'scripts', 'toolchain'].flatMap(imports);
  expect(others.filter(({ imported }) => imported.startsWith('@pulumi/'))).toEqual([]);
});

it('resources/ do not touch this machine', () => {
  expect(
    imports('infra/resources').filter(({ imported }) =>
      /node:(fs|child_process|os|net)|scripts/.test(imported),
    ),
  ).toEqual([]);
});

it('only plugin.c includes a Janus header', () => {
  for (const plugin of readdirSync(join(projectFolder, 'janus-plugins'))) {
    const folder = join(projectFolder, 'janus-plugins', plugin, 'src');
    const including = readdirSync(folder).filter((name) =>
      /#include\s*[<"](janus\/|plugins?\/plugin\.h)/.test(readFileSync(join(folder, name), 'utf8')),
    );
    expect(including).toEqual(['plugin.c']);
  }
});
