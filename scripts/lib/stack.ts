/** The stack that `npm run up` keeps: its state, the passphrase of its secrets, and the Pulumi commands on them. */
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
import { isLocked, recover, takeOverShared } from './recovery.ts';
import { readStackFile, stackFile } from './settings.ts';
import { Failure } from './steps.ts';
import { writeWhole } from './write-whole.ts';

/** Where a stack's state lies and which config file it is deployed with. */
export interface Stack {
  name: string;
  /** The checkout's config file, or another one. */
  configFile: string;
  /** Environment of every Pulumi command. */
  environment: Record<string, string | undefined>;
  /** URL of the backend that has the state, where that is not this machine's own folder: others may use it too. */
  shared?: string;
}

export const backend = join(stateFolder, 'pulumi');
export const passphraseFile = join(stateFolder, 'passphrase');
const sharedFolder = join(stateFolder, 'shared');
/** The salt of a stack's secrets belongs to its passphrase, so it stays out of the checkout. */
const saltFile = ({ name, shared }: Pick<Stack, 'name' | 'shared'>): string =>
  join(shared ? sharedFolder : stateFolder, `Pulumi.${name}.yaml`);

/** Backend that a stack's config file names instead of this machine's own folder. */
export const sharedBackend = (configFile: string): string | undefined =>
  readStackFile(configFile).stateBackend?.value || undefined;

/** Whether there is a state that knows the stack: one of this machine's, or one that it shares. */
export const isKept = (stack: string): boolean =>
  existsSync(saltFile({ name: stack })) || sharedBackend(stackFile(stack)) !== undefined;

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

/** Names of stacks in shared states whose secrets this machine's passphrase may be for. */
export const sharedStacks = (): string[] =>
  existsSync(sharedFolder)
    ? readdirSync(sharedFolder).flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? [])
    : [];

/** Where the state of a stack is, whether it is there or not; nothing is made and no secret can be read. */
export async function findStack(
  name: string,
  toolchain: Toolchain,
  configFile = stackFile(name),
): Promise<Stack> {
  const shared = sharedBackend(configFile);
  await mkdir(backend, { recursive: true });
  await chmod(stateFolder, 0o700);
  const environment = {
    ...process.env,
    ...toolchain.environment,
    // The program runs on the Node that runs this.
    PATH: [dirname(process.execPath), toolchain.environment.PATH ?? process.env.PATH].join(delimiter),
    // Without the files of attributes beside every file: nobody reads them, and they are not written whole.
    PULUMI_BACKEND_URL: shared ?? `file://${backend}?metadata=skip`,
  };
  return { name, configFile, environment, shared };
}

/**
 * Opens the state, making the stack where there is none.
 * @throws Failure when it cannot be had, or its secrets cannot be read
 */
export async function openStack(
  name: string,
  toolchain: Toolchain,
  configFile = stackFile(name),
): Promise<Stack> {
  const stack = await findStack(name, toolchain, configFile);
  const { shared } = stack;
  Object.assign(stack.environment, await passphrase(shared));
  if (shared !== undefined || !existsSync(saltFile(stack)) || !knownStacks().includes(name)) {
    await initialise(stack);
  }
  return stack;
}

/** How Pulumi is told the passphrase: the operator's own for a state that is shared, if there is one, else ours. */
async function passphrase(shared: string | undefined): Promise<Record<string, string | undefined>> {
  const { PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE } = process.env;
  if (shared && (PULUMI_CONFIG_PASSPHRASE ?? PULUMI_CONFIG_PASSPHRASE_FILE) !== undefined) return {};
  await makePassphrase();
  return { PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile, PULUMI_CONFIG_PASSPHRASE: undefined };
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

/** What a state holds of a stack, as far as it is asked for here. */
export interface Checkpoint {
  resources?: { urn: string; type: string; id?: string; inputs?: Record<string, unknown> }[];
  pending_operations?: unknown[];
  secrets_providers?: { type: string; state?: { salt?: string } };
}

/**
 * The stack as its state holds it, with secrets encrypted; undefined where the state has none of this name.
 * @throws Failure when the state cannot be had
 */
export async function readCheckpoint({ name, environment, shared }: Stack): Promise<Checkpoint | undefined> {
  const ended = await $({
    quiet: true,
    nothrow: true,
    cwd: projectFolder,
    env: environment,
  })`pulumi stack export --stack ${name} --non-interactive`;
  if (ended.exitCode === 0) return (JSON.parse(ended.stdout) as { deployment: Checkpoint }).deployment;
  if (/no stack named/.test(ended.stderr)) return undefined;
  throw new Failure(
    `The state of stack ${name} in ${shared ?? backend} cannot be read (${reason(ended.stderr)}); ${
      shared
        ? 'check stateBackend, and that the environment has what it is reached by (docs/state.md).'
        : 'mend that and run the command again.'
    }`,
  );
}

/** The end of what Pulumi complained of. */
const reason = (complaint: string): string =>
  complaint
    .split('\n')
    .findLast((line) => line.startsWith('error: '))
    ?.slice('error: '.length) ?? complaint.trim();

/**
 * Makes sure that the state has the stack, and that its salt is at hand. Of a stack that is there nothing is removed.
 * Pulumi Cloud keeps secrets without a passphrase, and so without a salt.
 */
async function initialise(stack: Stack): Promise<void> {
  const { name, environment } = stack;
  const there = await readCheckpoint(stack);
  const salt = there?.secrets_providers?.state?.salt;
  if (salt !== undefined) return keepSalt(stack, salt);
  if (there?.secrets_providers !== undefined) return;
  // `pulumi stack init` writes the salt beside the Pulumi.yaml that it finds: to a folder of its own, not the checkout.
  const folder = await mkdtemp(join(tmpdir(), 'janus-deploy-stack-'));
  try {
    await writeFile(join(folder, 'Pulumi.yaml'), 'name: janus-deploy\nruntime: nodejs\n');
    const pulumi = $({ quiet: true, cwd: folder, env: environment });
    // Half-made by a run that was killed. One that has resources is not removed without `--force`.
    if (there !== undefined) await pulumi`pulumi stack rm --yes ${name}`;
    await pulumi`pulumi stack init ${name}`;
    const made = join(folder, `Pulumi.${name}.yaml`);
    if (existsSync(made)) await writeSalt(stack, readFileSync(made, 'utf8'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws Failure when the passphrase is not the one that the secrets are encrypted with */
async function keepSalt(stack: Stack, salt: string): Promise<void> {
  const { name, shared } = stack;
  const text = `encryptionsalt: ${salt}\n`;
  if (existsSync(saltFile(stack)) && readFileSync(saltFile(stack), 'utf8') === text) return;
  await writeSalt(stack, text);
  const opened = await pulumi(stack, ['config', 'set', '--secret', 'opens', 'yes']);
  if (opened.exitCode === 0) return;
  await rm(saltFile(stack));
  throw new Failure(
    `The secrets of stack ${name} in ${shared ?? backend} are encrypted with another passphrase than this machine's (${reason(opened.stderr)}); set PULUMI_CONFIG_PASSPHRASE_FILE to the one of the machine that made the stack, its ${basename(passphraseFile)} file in the state folder.`,
  );
}

async function writeSalt(stack: Stack, text: string): Promise<void> {
  await mkdir(dirname(saltFile(stack)), { recursive: true });
  await writeWhole(saltFile(stack), text, 0o600);
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

/** The config file's text with the salt that belongs to the passphrase. */
function withSalt(stack: Stack): string {
  const text = existsSync(stack.configFile) ? readFileSync(stack.configFile, 'utf8') : '';
  if (!existsSync(saltFile(stack))) return text;
  const document = parseDocument(text);
  const salt = parseDocument(readFileSync(saltFile(stack), 'utf8')).get('encryptionsalt');
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

/**
 * Engine (ssh://…) that the stack is deployed on, empty for the one that the docker command reaches; undefined where
 * nothing is deployed.
 */
export const deployedOn = async (stack: Stack): Promise<string | undefined> =>
  (await outputs(stack)).dockerHost as string | undefined;

/** @throws Failure when the stack is on another engine than `dockerHost`, where it would be left behind. */
export async function checkDeployedOn(stack: Stack, dockerHost: string): Promise<void> {
  const there = await deployedOn(stack);
  if (there === undefined || there === dockerHost) return;
  const named = (host: string) => host || 'the engine that the docker command reaches';
  throw new Failure(
    `Stack ${stack.name} is deployed on ${named(there)} and is now to be on ${named(dockerHost)}; take it down there first (\`npm run down -- --stack ${stack.name}\`), or deploy another --stack here.`,
  );
}

/** What a resource's operation is called when it is done. */
const done = /^\s*[@+~-]{1,2}\s+(\S+)\s+(\S+) (created|updated|replaced|deleted)\b(?!.*original)/;

export interface Extent {
  /** Patterns of URNs that it is limited to; all resources when there are none. */
  targets?: string[];
  /** Whether the engine is asked first for what was changed by hand. */
  refresh?: boolean;
}

/**
 * Deploys. What a killed run left behind, a lock or a half-made container, is put right first.
 * @param progress is told what was done to which resource
 * @returns Pulumi's summary, e.g. "19 unchanged"
 * @throws Failure with what Pulumi said
 */
export async function deploy(
  stack: Stack,
  progress: (line: string) => void,
  { targets = [], refresh = true }: Extent = {},
): Promise<string> {
  const extent = [...targets.flatMap((target) => ['--target', target]), `--refresh=${refresh}`];
  const said = await run(stack, ['up', '--yes', '--skip-preview', '--suppress-outputs', ...extent], progress);
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
  await rm(saltFile(stack), { force: true });
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
    if (!isLocked(said)) {
      throw new Failure(`pulumi ${args[0]} failed:\n${diagnostics(said)}`);
    }
    if (stack.shared !== undefined) await takeOverShared(stack, said);
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
