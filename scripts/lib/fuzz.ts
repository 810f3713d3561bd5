/** The fuzzers of the play plugin's parsers, which run on this machine. */
import { join } from 'node:path';
import { $ } from './command.ts';
import { cacheFolder, projectFolder } from './paths.ts';
import { Failure } from './steps.ts';

/** Whether this machine has clang, which they are built with. */
export async function canFuzz(): Promise<boolean> {
  return (await $({ nothrow: true, quiet: true })`clang --version`).exitCode === 0;
}

/**
 * Feeds each parser for so many seconds, and prints how much of it was reached.
 * @returns how many parsers there are.
 * @throws Failure when one broke.
 */
export async function fuzz(seconds: number): Promise<number> {
  const script = join(projectFolder, 'janus-plugins/play/tests/fuzz/run');
  const ended = await $({
    nothrow: true,
    stdio: ['inherit', 'pipe', 'inherit'],
  })`${script} ${join(cacheFolder, 'fuzz')} ${seconds}`.pipe(process.stdout);
  if (ended.exitCode !== 0) throw new Failure('A parser broke; the input that did it is named above.');
  return ended.stdout.match(/^== /gm)?.length ?? 0;
}
