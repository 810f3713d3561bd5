/** Reads what the operator wrote: the stack's config file and the env file. */
import { existsSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { isMap, LineCounter, parseDocument } from 'yaml';
import { type Config, ConfigError, parseConfig, type Setting } from '../../infra/config/config.ts';
import { parseEnvFile } from '../../infra/config/env-file.ts';
import { type OptionKey, options } from '../../infra/config/options.ts';
import { acmeFiles } from './acme.ts';
import { projectFolder } from './paths.ts';
import { writeWhole } from './write-whole.ts';

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
  // As for the docker command, the environment may name the engine.
  const { DOCKER_HOST = '' } = process.env;
  const dockerHost = config.dockerHost || (DOCKER_HOST.startsWith('ssh://') ? DOCKER_HOST : '');
  const fromProject = (value: string) => (value === '' ? '' : resolve(projectFolder, value));
  return {
    ...config,
    dockerHost,
    // On a remote engine a relative path names no folder.
    mediaFolder: dockerHost === '' ? fromProject(config.mediaFolder) : config.mediaFolder,
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

/** The configuration of a stack of the checkout, from its file. */
export const stackConfig = (stack: string): Config => loadConfig(readStackFile(stackFile(stack)));

/** Engine that a stack's file names, whatever else is wrong with the file; empty when it names none. */
export const namedEngine = (stack: string): string => readStackFile(stackFile(stack)).dockerHost?.value ?? '';

/** Sets an option in a stack's config file, of which the rest stays as it is. */
export async function setInStackFile(path: string, key: OptionKey, value: string): Promise<void> {
  const document = parseDocument(existsSync(path) ? readFileSync(path, 'utf8') : '');
  if (document.getIn(['config', namespace + key]) === value) return;
  document.setIn(['config', namespace + key], value);
  await writeWhole(path, document.toString(), 0o644);
}
