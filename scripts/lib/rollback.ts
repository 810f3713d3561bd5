/** Deploys; where an update fails half-way, puts back what was deployed before. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OtherImage } from '../../infra/resources/record.ts';
import type { LastGood } from '../../infra/restore.ts';
import { $ } from './command.ts';
import { drainVariables } from './drain-variables.ts';
import { logEnd } from './log-end.ts';
import { Locked } from './recovery.ts';
import { deploy, type Extent, outputs, type Stack, secretOutputs } from './stack.ts';
import { Failure } from './steps.ts';

/** Exit statuses beside 1, with which nothing that serves was touched. */
export const putBack = 4;
export const notPutBack = 5;

/** What images, their trials, draining and the description go through is no part of what serves. */
const beside = /-(image-\w+|trial|drain) |^description-/;

/**
 * Deploys what the configuration says. When that fails, the last good deployment is deployed again: nothing happens to
 * what serves of it still, the rest is put back.
 * @param progress is told what was done to which resource
 * @returns Pulumi's summary
 * @throws Failure with what Pulumi said and what became of the last good deployment
 */
export async function deployOrRestore(stack: Stack, progress: (line: string) => void): Promise<string> {
  return orRestore(
    stack,
    () => readLastGood(stack),
    progress,
    () => deploy(stack, progress),
  );
}

/**
 * Has a service run another image. Everything else stays as it is deployed, whatever configuration and checkout say;
 * when that fails, or what is done `then` with it, the gateway goes back to the image that it had.
 * @param outputs of the stack that are other ones then
 * @throws Failure as `deployOrRestore` does
 */
export async function deployImage(
  stack: Stack,
  lastGood: LastGood,
  image: OtherImage,
  outputs: Record<string, unknown>,
  progress: (line: string) => void,
  then: () => Promise<void>,
): Promise<void> {
  const next: LastGood = {
    ...lastGood,
    outputs: { ...lastGood.outputs, ...outputs },
    image,
  };
  await orRestore(
    stack,
    async () => lastGood,
    progress,
    async () => {
      // What was changed by hand elsewhere is for the next `npm run up` to find.
      await deployRecord(stack, next, progress, { refresh: false });
      await then();
    },
  );
}

/** Does `work`; when it fails, the last good deployment is deployed again. */
async function orRestore<T>(
  stack: Stack,
  findLastGood: () => Promise<LastGood | undefined>,
  progress: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure) || error instanceof Locked) throw error;
    throw await restored(stack, error, findLastGood, progress);
  }
}

/** The failure, with what became of the last good deployment. */
async function restored(
  stack: Stack,
  failure: Failure,
  findLastGood: () => Promise<LastGood | undefined>,
  progress: (line: string) => void,
): Promise<Failure> {
  const because = { cause: failure };
  // Before it is replaced, and its log with it.
  const sick = await logsOfSick(stack);
  const what = `${failure.message}${sick}`;
  let touched = false;
  try {
    const lastGood = await findLastGood();
    if (lastGood === undefined) return new Failure(what, because);
    progress('failed; back to the last good deployment');
    // Those who watched have been waited for, or are interrupted already.
    const variables = { [drainVariables.minutes]: '0' };
    const restoring = { ...stack, environment: { ...stack.environment, ...variables } };
    await deployRecord(restoring, lastGood, (line) => {
      touched ||= !beside.test(line);
      progress(line);
    });
  } catch (error) {
    const message = `${what}\nThe last good deployment could not be put back: ${(error as Error).message}\nSee what runs with \`docker ps\`; mend what is named above and run \`npm run up\` again.`;
    return new Failure(message, { ...because, status: notPutBack });
  }
  return touched
    ? new Failure(
        `${what}\nThe last good deployment was put back and serves again; viewers were interrupted.`,
        { ...because, status: putBack },
      )
    : new Failure(`${what}\nThe last good deployment goes on untouched.`, because);
}

/** The ends of the logs of the services that are there and not healthy. */
async function logsOfSick({ name }: Stack): Promise<string> {
  const listed = await $({
    quiet: true,
    nothrow: true,
  })`docker ps --all --filter label=janus-deploy.stack=janus-deploy-${name} --format ${'{{.Names}} {{.Status}}'}`;
  const sick = listed.stdout
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith('(healthy)'))
    .map((line) => line.split(' ')[0]);
  const logs = sick.map(
    async (container) => `\nThe end of the log of ${container}:\n${await logEnd(container)}`,
  );
  return (await Promise.all(logs)).join('');
}

/** Undefined on a stack that was never deployed to its end. */
export async function readLastGood(stack: Stack): Promise<LastGood | undefined> {
  const [shown, known] = await Promise.all([outputs(stack), secretOutputs(stack)]);
  if (typeof known.lastGood !== 'string') return undefined;
  const secret = Object.keys(known).filter(
    (name) => shown[name] !== known[name] && shown[name] === '[secret]',
  );
  return { outputs: known as LastGood['outputs'], secret };
}

async function deployRecord(
  stack: Stack,
  lastGood: LastGood,
  progress: (line: string) => void,
  extent?: Extent,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'janus-deploy-restore-'));
  try {
    const path = join(folder, 'last-good.json');
    await writeFile(path, JSON.stringify(lastGood), { mode: 0o600 });
    const environment = { ...stack.environment, JANUS_DEPLOY_RESTORE: path };
    await deploy({ ...stack, environment }, progress, extent);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
