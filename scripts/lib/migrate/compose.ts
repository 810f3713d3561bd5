/** Reads a docker-compose set-up: its files merged as docker-compose merges them, as far as a migration looks at it. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';
import { Failure } from '../steps.ts';

/** What a container mounts: a folder or file of the machine, or a volume of the engine. */
export interface Mount {
  target: string;
  source: { path: string } | { volume: string };
}

export interface PublishedPort {
  /** First and last port on the machine; undefined when the engine picks one. */
  host?: { first: number; last: number };
  /** First port in the container. */
  container: number;
  protocol: 'tcp' | 'udp';
}

export interface OldService {
  name: string;
  /** Name of its container. */
  container?: string;
  networkMode?: string;
  ports: PublishedPort[];
  mounts: Mount[];
  /** Env files and environment together. */
  environment: Record<string, string>;
  /** Arguments of its image's build. */
  buildArgs: Record<string, string>;
}

export interface OldSetUp {
  folder: string;
  services: Record<string, OldService>;
  /** Names of `local.env`, which no service may name. */
  env: Record<string, string>;
}

const mainFiles = ['docker-compose.yml', 'docker-compose.yaml', 'docker-compose.9.yml'];
const overrideFiles = ['docker-compose.override.yml', 'docker-compose.override.yaml'];

type Yaml = Record<string, unknown>;

/** @throws Failure when the folder has none of the files, or one that cannot be read. */
export function readSetUp(folder: string): OldSetUp {
  const found = (names: string[]) => names.map((name) => join(folder, name)).find(existsSync);
  const files = [found(mainFiles), found(overrideFiles)].filter((path) => path !== undefined);
  const envFile = join(folder, 'local.env');
  if (files.length === 0 && !existsSync(envFile)) {
    throw new Failure(
      `${folder} has neither ${mainFiles[0]} nor local.env; name the folder of the docker-compose set-up.`,
    );
  }
  const variables = { ...readEnv(join(folder, '.env')), ...process.env };
  const services: Record<string, OldService> = {};
  for (const file of files) {
    const listed = (readYaml(file, variables).services ?? {}) as Record<string, Yaml | null>;
    for (const [name, written] of Object.entries(listed)) {
      services[name] = merge(services[name], readService(name, written ?? {}, folder));
    }
  }
  return { folder, services, env: readEnv(envFile) };
}

function readYaml(file: string, variables: NodeJS.Dict<string>): Yaml {
  try {
    const content = parse(interpolate(readFileSync(file, 'utf8'), variables), { merge: true });
    return (content ?? {}) as Yaml;
  } catch (error) {
    throw new Failure(`${file} cannot be read (${(error as Error).message.split('\n')[0]}); mend it first.`);
  }
}

/** `${NAME}`, `${NAME:-default}` and `$NAME`. */
const interpolate = (text: string, variables: NodeJS.Dict<string>): string =>
  text.replace(
    /\$\$|\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))/g,
    (whole, braced?: string, fallback?: string, plain?: string) =>
      whole === '$$' ? '$' : (variables[braced ?? plain ?? ''] ?? fallback ?? ''),
  );

const readEnv = (file: string): Record<string, string> =>
  existsSync(file) ? (parseEnv(readFileSync(file, 'utf8')) as Record<string, string>) : {};

function readService(name: string, written: Yaml, folder: string): OldService {
  const build = (typeof written.build === 'object' ? written.build : {}) as Yaml | null;
  const envFiles = list(written.env_file).map((entry) =>
    typeof entry === 'object' ? String((entry as Yaml).path) : String(entry),
  );
  return {
    name,
    container: written.container_name as string | undefined,
    networkMode: written.network_mode as string | undefined,
    ports: list(written.ports).flatMap(readPort),
    mounts: list(written.volumes).flatMap((entry) => readMount(entry, folder)),
    environment: Object.assign(
      {},
      ...envFiles.map((file) => readEnv(resolve(folder, file))),
      pairs(written.environment),
    ),
    buildArgs: pairs(build?.args),
  };
}

const list = (value: unknown): unknown[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];

/** A map, or a list of NAME=value. */
function pairs(value: unknown): Record<string, string> {
  const entries = Array.isArray(value)
    ? value.map((entry) => String(entry).split(/=(.*)/s).slice(0, 2))
    : Object.entries((value ?? {}) as Yaml);
  return Object.fromEntries(entries.map(([key, content]) => [key, String(content ?? '')]));
}

/** `[address:]host:container[/protocol]`, each perhaps a range, or the long form. */
function readPort(entry: unknown): PublishedPort[] {
  const { target, published, protocol } = (
    typeof entry === 'object' ? entry : shortPort(String(entry))
  ) as Record<'target' | 'published' | 'protocol', string | number | undefined>;
  const [container] = String(target).split('-').map(Number);
  if (!Number.isInteger(container)) return [];
  const [first, last = first] = String(published ?? '')
    .split('-')
    .map(Number);
  const host = published === undefined || published === '' ? undefined : { first, last };
  return [{ host, container, protocol: protocol === 'udp' ? 'udp' : 'tcp' }];
}

function shortPort(text: string): Record<string, string | undefined> {
  const [ports, protocol] = text.split('/');
  const [target, published] = ports.split(':').reverse();
  return { target, published, protocol };
}

/** `source:target[:mode]`, or the long form; anonymous volumes hold nothing of the operator's. */
function readMount(entry: unknown, folder: string): Mount[] {
  const named = entry as { source?: string; target?: string };
  const [source, target] =
    typeof entry === 'object' ? [named.source, named.target] : String(entry).split(':');
  if (!source || !target) return [];
  const isPath = /^[./~]/.test(source);
  return [{ target, source: isPath ? { path: resolve(folder, source) } : { volume: source } }];
}

/** As docker-compose does: single values are replaced, lists and maps grow. */
function merge(base: OldService | undefined, over: OldService): OldService {
  if (base === undefined) return over;
  const targets = new Set(over.mounts.map(({ target }) => target));
  return {
    name: base.name,
    container: over.container ?? base.container,
    networkMode: over.networkMode ?? base.networkMode,
    ports: [...base.ports, ...over.ports],
    mounts: [...base.mounts.filter(({ target }) => !targets.has(target)), ...over.mounts],
    environment: { ...base.environment, ...over.environment },
    buildArgs: { ...base.buildArgs, ...over.buildArgs },
  };
}
