/** Commands mean the same on every system: they are started without a shell. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { $ } from '../../scripts/lib/command.ts';
import { projectFolder } from '../../scripts/lib/paths.ts';

const quiet = $({ quiet: true, nothrow: true });
const printed = 'console.log(JSON.stringify(process.argv.slice(1)))';

describe('a command', () => {
  it('gets what is put in as one argument, whatever its characters', async () => {
    const odd = [
      'a b',
      '',
      '"quoted"',
      'it’s',
      "'",
      'back\\slash\\',
      '$HOME',
      '%PATH%',
      'a;b|c>d&',
      '*',
      'x\ny',
    ];
    const said = await quiet`${process.execPath} -e ${printed} -- ${odd} --name=${'two words'} {{.ID}} *`;
    expect(JSON.parse(said.stdout)).toEqual([...odd, '--name=two words', '{{.ID}}', '*']);
  });

  it('is given its input, and fails by its status, or when there is no such program', async () => {
    const copy = 'process.stdin.pipe(process.stdout)';
    expect((await $({ quiet: true, input: 'text' })`${process.execPath} -e ${copy}`).stdout).toBe('text');
    expect((await quiet`${process.execPath} -e ${'process.exit(3)'}`).exitCode).toBe(3);
    expect((await quiet`no-such-program-here`).exitCode).not.toBe(0);
  });
});

const sources = ['scripts', 'toolchain'].flatMap((folder) =>
  readdirSync(join(projectFolder, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs)$/.test(name) && name !== join('lib', 'command.ts'))
    .map((name) => ({
      name: join(folder, name),
      text: readFileSync(join(projectFolder, folder, name), 'utf8'),
    })),
);

it('commands of resources mean the same to every system’s shell', () => {
  const folder = join(projectFolder, 'infra/resources');
  const commands = readdirSync(folder).flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(/^ +(?:create|update|delete): (.*),$/gm)].map(
      ([, command]) => command,
    ),
  );
  expect(commands.length).toBeGreaterThan(3);
  // Windows' shell takes double quotes alone, and no shell's word for nothing is another's.
  const portable = /^['`](cd \.|node [^'|&;<>$%\\]*|node -e "[^"|&;<>$%\\]*")['`]$/;
  expect(commands.filter((command) => !portable.test(command))).toEqual([]);
});

describe('scripts', () => {
  it('run commands in no other way', () => {
    const others = sources.filter(({ text }) =>
      /import \{[^}]*\$[^}]*\} from 'zx'|\bexec(File)?(Sync)?\(/.test(text.replaceAll('.exec(', '')),
    );
    expect(others.map(({ name }) => name)).toEqual([]);
  });

  it('write no pipes or redirections, which only a shell knows', () => {
    // `npm run …` is what people are told to do.
    const programs = 'docker|git|npm (?!run)|pulumi|node|tar|go|ip|sh';
    const lines = sources.flatMap(({ name, text }) =>
      [...text.matchAll(new RegExp(`(?<!\\\\)\`((?:${programs})\\b(?:[^\`\\\\]|\\\\.)*)\``, 'g'))].map(
        ([, line]) => ({
          name,
          line: line.replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, ''),
        }),
      ),
    );
    expect(lines.length).toBeGreaterThan(30);
    expect(lines.filter(({ line }) => /[|&;<>]/.test(line))).toEqual([]);
  });
});
