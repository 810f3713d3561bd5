/** What the plan of this checkout is compared with: another revision of it, another folder, or what is deployed. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { styleText } from 'node:util';
import { options } from '../../infra/config/options.ts';
import type { Deployed, Described, ServiceChange } from '../../infra/plan/changes.ts';
import type { Effect } from '../../infra/plan/container.ts';
import { $ } from './command.ts';
import { projectFolder } from './paths.ts';
import { ensureToolchain } from './pulumi.ts';
import { unpackRevision } from './revision.ts';
import { readStackFile, stackFile } from './settings.ts';
import { type Checkpoint, findStack, readCheckpoint } from './stack.ts';
import { Failure } from './steps.ts';

/**
 * The plan that another checkout makes with its own program.
 * @param against a folder with a checkout, or what git knows as a revision
 * @param facts a profile's name, or the path of a file of facts
 */
export async function describeOther(against: string, stack: string, facts: string): Promise<Described> {
  if (existsSync(join(against, 'Pulumi.yaml'))) return runPlan(resolve(against), against, stack, facts);
  const revision = await $({
    cwd: projectFolder,
    quiet: true,
    nothrow: true,
  })`git rev-parse --verify --quiet ${`${against}^{commit}`}`;
  if (revision.exitCode !== 0) {
    throw new Failure(
      `--against is ${against}, which is neither a folder with a checkout nor a revision that git knows here; in a clone without history, \`git fetch\` it first.`,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'janus-deploy-against-'));
  try {
    await unpackRevision(revision.stdout.trim(), folder);
    lendSettings(folder, stack);
    return await runPlan(folder, against, stack, facts);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What git does not know of the configuration is the operator's, and the same before and after. */
function lendSettings(folder: string, stack: string): void {
  const envFile = readStackFile(stackFile(stack)).envFile?.value || options.envFile.default;
  for (const path of [stackFile(stack), resolve(projectFolder, envFile)]) {
    const lent = join(folder, basename(path));
    if (dirname(path) === projectFolder && existsSync(path) && !existsSync(lent)) copyFileSync(path, lent);
  }
}

async function runPlan(folder: string, name: string, stack: string, facts: string): Promise<Described> {
  const script = join(folder, 'scripts', 'plan.ts');
  if (!existsSync(script)) {
    throw new Failure(
      `${name} is of before \`npm run plan\` and has no plan to compare with; name a later one.`,
    );
  }
  const ended = await $({
    cwd: folder,
    quiet: true,
    nothrow: true,
  })`${process.execPath} ${script} --json --stack ${stack} --facts ${facts}`;
  if (ended.exitCode !== 0) throw new Failure(`${name} cannot be planned:\n${ended.stderr.trim()}`);
  return JSON.parse(ended.stdout) as Described;
}

/**
 * What the stack's last deployment was, as its state knows it; neither an engine nor a passphrase is needed.
 * @throws Failure when nothing is deployed, or by a version that kept no description
 */
export async function readDeployed(stack: string): Promise<Deployed> {
  const found = await findStack(stack, await ensureToolchain(() => undefined));
  const { resources = [] }: Checkpoint = (await readCheckpoint(found)) ?? {};
  const kept = resources.findLast(({ urn }) => /::description-[0-9a-f]+$/.test(urn));
  if (kept !== undefined) return JSON.parse(kept.inputs?.stdin as string) as Deployed;
  throw new Failure(
    resources.length === 0
      ? `Stack ${stack} is not deployed, as far as its state knows (${found.shared ?? 'a folder of this machine'}); compare --against a revision, or set stateBackend to where its state is.`
      : `Stack ${stack} was deployed by a version that kept no description of it; compare --against that revision, or run \`npm run up\` once.`,
  );
}

/** What each service goes through, a line each, with at most `shown` causes. */
export function changeLines(changes: ServiceChange[], shown = 6): string[] {
  return changes.map(({ service, effect, because }) => {
    const more = because.length > shown ? ` and ${because.length - shown} more` : '';
    const what = styleText(effectColours[effect], effect.padEnd(8));
    return `${what} ${service.padEnd(8)} ${because.slice(0, shown).join(', ')}${more}`;
  });
}

const effectColours: Record<Effect, 'green' | 'red'> = { reload: 'green', replace: 'red' };

/** A unified diff of texts by their paths, as git shows one; empty when they are the same. */
export async function diffTexts(
  before: Record<string, string>,
  after: Record<string, string>,
  colours: boolean,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'janus-deploy-diff-'));
  try {
    for (const [side, texts] of Object.entries({ before, after })) {
      mkdirSync(join(folder, side));
      for (const [name, text] of Object.entries(texts)) {
        mkdirSync(dirname(join(folder, side, name)), { recursive: true });
        writeFileSync(join(folder, side, name), text);
      }
    }
    const compared = await $({
      cwd: folder,
      quiet: true,
      nothrow: true,
    })`git diff --no-index --no-prefix --color=${colours ? 'always' : 'never'} before after`;
    if ((compared.exitCode ?? 2) > 1)
      throw new Failure(`git could not compare before and after: ${compared.stderr.trim()}`);
    return compared.stdout.trimEnd();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
