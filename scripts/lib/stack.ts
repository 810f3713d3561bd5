/** The stack that `npm run up` keeps: a local state, an own passphrase, and the Pulumi commands on them. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { parseDocument } from 'yaml';
import type { ProcessOutput } from 'zx';
import { $ } from './command.ts';
import { projectFolder, stateFolder } from './paths.ts';
import type { Toolchain } from './pulumi.ts';
import { recover } from './recovery.ts';
import { stackFile } from './settings.ts';
import { Failure } from './steps.ts';
import { writeWhole } from './write-whole.ts';

/** Where a stack's state lies and which config file it is deployed with. */
export interface Stack {
  name: string;
  /** The checkout's config file, or another one. */
  configFile: string;
  /** Environment of every Pulumi command. */
  environment: Record<string, string | undefined>;
}

export const backend = join(stateFolder, 'pulumi');
const passphraseFile = join(stateFolder, 'passphrase');
/** The salt of a stack's secrets belongs to this machine's passphrase, so it stays out of the checkout. */
const saltFile = (stack: string): string => join(stateFolder, `Pulumi.${stack}.yaml`);

/** Whether this machine's `npm run up` has made the stack. */
export const isKept = (stack: string): boolean => existsSync(saltFile(stack));

/** File of a stack in the local state. */
export const stateFile = (stack: string): string =>
  join(backend, '.pulumi', 'stacks', 'janus-deploy', `${stack}.json`);

/** Names of the stacks in the local state, read without the toolchain, which may be gone. */
export function knownStacks(): string[] {
  const folder = dirname(stateFile(''));
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .map((name) => basename(name, '.json'))
    : [];
}

/** Opens the local state, making it where there is none. */
export async function openStack(
  name: string,
  toolchain: Toolchain,
  configFile = stackFile(name),
): Promise<Stack> {
  await mkdir(backend, { recursive: true });
  await chmod(stateFolder, 0o700);
  await makePassphrase();
  const environment = {
    ...process.env,
    ...toolchain.environment,
    // The program runs on the Node that runs this.
    PATH: [dirname(process.execPath), toolchain.environment.PATH ?? process.env.PATH].join(delimiter),
    // Without the files of attributes beside every file: nobody reads them, and they are not written whole.
    PULUMI_BACKEND_URL: `file://${backend}?metadata=skip`,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile,
    PULUMI_CONFIG_PASSPHRASE: undefined,
  };
  const stack: Stack = { name, configFile, environment };
  if (!isKept(name) || !knownStacks().includes(name)) await initialise(stack);
  return stack;
}

/** Written beside and linked into place, so that it is there whole or not, and never made twice. */
async function makePassphrase(): Promise<void> {
  if (existsSync(passphraseFile)) return;
  const candidate = `${passphraseFile}.${process.pid}`;
  await writeFile(candidate, randomBytes(32).toString('base64url'), { mode: 0o600 });
  await link(candidate, passphraseFile).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(candidate);
}

/** `pulumi stack init` writes the salt beside the Pulumi.yaml it finds: to a folder of its own, not the checkout. */
async function initialise({ name, environment }: Stack): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'janus-deploy-stack-'));
  try {
    await writeFile(join(folder, 'Pulumi.yaml'), 'name: janus-deploy\nruntime: nodejs\n');
    const pulumi = $({ quiet: true, cwd: folder, env: environment });
    if (knownStacks().includes(name)) await pulumi`pulumi stack rm --yes --force ${name}`;
    await pulumi`pulumi stack init ${name}`;
    await writeWhole(saltFile(name), readFileSync(join(folder, `Pulumi.${name}.yaml`), 'utf8'), 0o600);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Commands that take the config file's name. */
const readsConfig = new Set(['config', 'destroy', 'import', 'preview', 'refresh', 'up', 'watch']);

/** Runs a Pulumi command on the stack; each line of its output is passed on as it comes. */
export async function pulumi(
  stack: Stack,
  args: string[],
  onLine: (line: string) => void = () => undefined,
): Promise<ProcessOutput> {
  const folder = await mkdtemp(join(tmpdir(), 'janus-deploy-config-'));
  try {
    const config = join(folder, `Pulumi.${stack.name}.yaml`);
    await writeFile(config, withSalt(stack), { mode: 0o600 });
    const on = [
      '--stack',
      stack.name,
      '--non-interactive',
      ...(readsConfig.has(args[0]) ? ['--config-file', config] : []),
    ];
    const running = $({
      quiet: true,
      nothrow: true,
      cwd: projectFolder,
      env: stack.environment,
    })`pulumi ${args} ${on}`;
    for await (const line of running) onLine(line);
    return await running;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The config file's text with the salt that belongs to this machine's passphrase. */
function withSalt({ name, configFile }: Stack): string {
  const document = parseDocument(existsSync(configFile) ? readFileSync(configFile, 'utf8') : '');
  const salt = parseDocument(readFileSync(saltFile(name), 'utf8')).get('encryptionsalt');
  if (document.contents === null) return `encryptionsalt: ${salt}\n`;
  document.set('encryptionsalt', salt);
  return document.toString();
}

/** Outputs of the deployed stack; secret ones are masked. */
export const outputs = (stack: Stack): Promise<Record<string, unknown>> => readOutputs(stack, []);

/** Outputs of the deployed stack with the secret ones, which are never to be shown. */
export const secretOutputs = (stack: Stack): Promise<Record<string, unknown>> =>
  readOutputs(stack, ['--show-secrets']);

async function readOutputs(stack: Stack, options: string[]): Promise<Record<string, unknown>> {
  const shown = await $({
    quiet: true,
    cwd: projectFolder,
    env: stack.environment,
  })`pulumi stack output --json ${options} --stack ${stack.name}`;
  return JSON.parse(shown.stdout) as Record<string, unknown>;
}

export interface Operation {
  /** `update`, `refresh` or `destroy`. */
  kind: string;
  /** ISO 8601. */
  endTime: string;
  /** `succeeded`, `failed` or `in-progress`. */
  result: string;
}

/** The last operation on the stack. */
export async function lastOperation(stack: Stack): Promise<Operation | undefined> {
  const shown = await $({
    quiet: true,
    cwd: projectFolder,
    env: stack.environment,
  })`pulumi stack history --json --page-size 1 --stack ${stack.name}`;
  const [last] = JSON.parse(shown.stdout) as Operation[];
  return last && { kind: last.kind, endTime: last.endTime, result: last.result };
}

/** What a resource's operation is called when it is done. */
const done = /^\s*[@+~-]{1,2}\s+(\S+)\s+(\S+) (created|updated|replaced|deleted)\b(?!.*original)/;

/**
 * Deploys. What a killed run left behind, a lock or a half-made container, is put right first.
 * @param progress is told what was done to which resource
 * @param targets patterns of URNs that it is limited to; all resources when there are none
 * @returns Pulumi's summary, e.g. "19 unchanged"
 * @throws Failure with what Pulumi said
 */
export async function deploy(
  stack: Stack,
  progress: (line: string) => void,
  targets: string[] = [],
): Promise<string> {
  const only = targets.flatMap((target) => ['--target', target]);
  const said = await run(stack, ['up', '--yes', '--skip-preview', '--suppress-outputs', ...only], progress);
  return summary(said);
}

/** Removes everything the stack made on the engine, and the stack from the state. */
export async function destroy(stack: Stack, progress: (line: string) => void): Promise<string> {
  const said = await run(stack, ['destroy', '--yes', '--skip-preview', '--suppress-outputs'], progress);
  await $({
    quiet: true,
    cwd: projectFolder,
    env: stack.environment,
  })`pulumi stack rm --yes --preserve-config ${stack.name}`;
  await rm(saltFile(stack.name), { force: true });
  return summary(said);
}

/** Runs an operation on a stack that is ready for it; where another run was faster, after that. */
async function run(stack: Stack, args: string[], progress: (line: string) => void): Promise<string> {
  for (;;) {
    await recover(stack);
    const ended = await pulumi(stack, [...args, '--color', 'never'], (line) => {
      const [, , name, what] = done.exec(line) ?? [];
      if (name) progress(`${name} ${what}`);
    });
    const said = ended.stdout + ended.stderr;
    if (ended.exitCode === 0) return ended.stdout;
    if (!said.includes('the stack is currently locked')) {
      throw new Failure(`pulumi ${args[0]} failed:\n${diagnostics(said)}`);
    }
  }
}

/** The part of Pulumi's output that says what went wrong. */
function diagnostics(output: string): string {
  const start = output.indexOf('Diagnostics:');
  const end = output.indexOf('\nResources:', start);
  return start === -1
    ? output.trim()
    : output.slice(start + 'Diagnostics:'.length, end === -1 ? undefined : end).trim();
}

function summary(output: string): string {
  const counts = output
    .slice(output.lastIndexOf('Resources:'))
    .match(/\d+ (created|updated|replaced|deleted|unchanged)/g);
  return counts?.join(', ') ?? 'nothing to do';
}
