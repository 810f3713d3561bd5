/** Runs commands without a shell, so that they mean the same on every system. */
import type { SpawnOptions, spawn } from 'node:child_process';
import start from 'cross-spawn';
import { $ as run } from 'zx';

/** Words of a command line: divided by white space, but within double quotes. */
function words(line: string): string[] {
  const quoted = /"((?:[^"\\]|\\.)*)"/gs;
  return [...line.matchAll(/(?:"(?:[^"\\]|\\.)*"|[^\s"])+/gs)].map(([word]) =>
    word.replace(quoted, (_, text: string) => text.replace(/\\(.)/gs, '$1')),
  );
}

/**
 * zx's `$`, whose commands are started as they are: what is put in is one argument, whatever its characters; a pipe or
 * a redirection has no meaning.
 */
export const $ = run({
  // zx asks for one; it is the starting of programs below that does without.
  shell: 'none',
  prefix: '',
  postfix: '',
  quote: (argument) => `"${argument.replace(/["\\]/g, '\\$&')}"`,
  spawn: ((line: string, _: string[], options: SpawnOptions) => {
    const [program, ...rest] = words(line);
    return start(program, rest, { ...options, shell: false });
  }) as typeof spawn,
});
