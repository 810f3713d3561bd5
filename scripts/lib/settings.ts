/** Reads what the operator wrote: the stack's config file and the env file. */
import { existsSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { isMap, LineCounter, parseDocument } from 'yaml';
import { type Config, ConfigError, parseConfig, type Setting } from '../../infra/config/config.ts';
import { parseEnvFile } from '../../infra/config/env-file.ts';
import { options } from '../../infra/config/options.ts';
import { acmeFiles } from './acme.ts';
import { projectFolder } from './paths.ts';

/** Prefix of this project's keys in stack config. */
export const namespace = 'janus-deploy:';

/** Config file of a stack in the checkout. */
export const stackFile = (stack: string): string => resolve(projectFolder, `Pulumi.${stack}.yaml`);

/** The project's settings in a stack config file, with their lines. */
export function readStackFile(path: string): Record<string, Setting> {
  if (!existsSync(path)) return {};
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(path, 'utf8'), { lineCounter: lines });
  const file = relative(projectFolder, path);
  const [broken] = document.errors;
  if (broken) throw new ConfigError([`${file}: ${broken.message.split('\n')[0]}`]);
  const config = document.get('config');
  if (!isMap(config)) return {};
  return Object.fromEntries(
    config.items.flatMap((pair) => {
      const [key, value] = [
        String(pair.key),
        (pair.value as { value?: unknown; range?: number[] } | null) ?? {},
      ];
      if (!key.startsWith(namespace)) return [];
      const line = lines.linePos(value.range?.[0] ?? 0).line;
      return [
        [key.slice(namespace.length), { value: String(value.value ?? ''), where: `${file} line ${line}` }],
      ];
    }),
  );
}

/**
 * The configuration of a stack. `stack` are its settings, from its file or, inside a Pulumi program, from Pulumi;
 * the env file is the one they name, and may only be absent when they name none.
 * @throws ConfigError with everything that is wrong.
 */
export function loadConfig(stack: Record<string, Setting>): Config {
  const named = stack.envFile?.value ? stack.envFile : undefined;
  const path = resolve(projectFolder, named?.value ?? options.envFile.default);
  if (named && !existsSync(path)) {
    throw new ConfigError([
      `${named.where}: envFile ${named.value} does not exist; name an existing file or drop the key.`,
    ]);
  }
  const env = existsSync(path) ? parseEnvFile(readFileSync(path, 'utf8'), relative(projectFolder, path)) : {};
  const config = parseConfig({ stack, env });
  const fromProject = (value: string) => (value === '' ? '' : resolve(projectFolder, value));
  return {
    ...config,
    mediaFolder: fromProject(config.mediaFolder),
    sslCertificate: fromProject(config.sslCertificate),
    sslCertificateKey: fromProject(config.sslCertificateKey),
    // From here on it is a certificate like any other.
    ...(config.acmeName === '' ? {} : acmeFiles(config.acmeName)),
    acmeRoots: fromProject(config.acmeRoots),
    janusArchive: /^(https?:\/\/.*)?$/.test(config.janusArchive)
      ? config.janusArchive
      : fromProject(config.janusArchive),
  };
}
