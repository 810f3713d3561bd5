/** The env file's format: NAME=value lines as docker-compose reads them. Pure. */
import { parseEnv } from 'node:util';
import type { Setting } from './config.ts';

/** The settings of an env file's text; `file` names it in error messages. */
export function parseEnvFile(text: string, file: string): Record<string, Setting> {
  const lines = text.split(/\r?\n/);
  return Object.fromEntries(
    Object.entries(parseEnv(text)).map(([name, value]) => {
      // The last assignment is the one that counts, as in a shell.
      const line = lines.findLastIndex((candidate) =>
        candidate.replace(/^\s*(export\s+)?/, '').startsWith(name),
      );
      return [name, { value: value ?? '', where: `${file} line ${line + 1}` }];
    }),
  );
}
