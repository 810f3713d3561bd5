/** Puts right what a killed run left: locks in the state, operations it does not know the end of, orphans. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { $ } from './command.ts';
import { backend, pulumi, type Stack, stateFile } from './stack.ts';
import { Failure } from './steps.ts';

interface Lock {
  pid: number;
  hostname: string;
}

interface Checkpoint {
  checkpoint?: {
    latest?: {
      resources?: { type: string; id?: string }[];
      pending_operations?: unknown[];
    };
  };
}

const readState = (stack: string): NonNullable<NonNullable<Checkpoint['checkpoint']>['latest']> =>
  existsSync(stateFile(stack))
    ? ((JSON.parse(readFileSync(stateFile(stack), 'utf8')) as Checkpoint).checkpoint?.latest ?? {})
    : {};

/** Makes the stack ready for the next operation, without a person's help. */
export async function recover(stack: Stack): Promise<void> {
  await takeOverLocks(stack.name);
  removeTemporaries();
  if ((readState(stack.name).pending_operations ?? []).length > 0) {
    await removeOrphans(stack.name);
    const refreshed = await pulumi(stack, ['refresh', '--yes', '--skip-preview', '--clear-pending-creates']);
    if (refreshed.exitCode !== 0)
      throw new Failure(`The interrupted run could not be put right:\n${refreshed.stdout}`);
  }
}

/**
 * What has this stack's names on the engine and is not in its state: another deployment's, from another state. A
 * sentence for each kind; nothing while an interrupted run is still to be put right.
 */
export async function foreignResources(stack: string): Promise<string[]> {
  const state = readState(stack);
  if ((state.pending_operations ?? []).length > 0) return [];
  const known = new Set((state.resources ?? []).map(({ id }) => id));
  const filter = `name=^/?janus-deploy-${stack}-(gateway|turn|web|prometheus|grafana)(-files)?$`;
  const [containers, volumes] = await Promise.all([
    $({ quiet: true })`docker ps --all --no-trunc --filter ${filter} --format ${'{{.ID}} {{.Names}}'}`,
    $({ quiet: true })`docker volume ls --filter ${filter} --format ${'{{.Name}} {{.Name}}'}`,
  ]);
  const names = [containers, volumes].flatMap(({ stdout }) =>
    stdout
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([id, name]) => name !== undefined && !known.has(id))
      .map(([, name]) => name),
  );
  if (names.length === 0) return [];
  return [
    `${names.join(', ')} are on the engine and not in this state: another deployment of stack ${stack} made them; take that down first, or deploy with another --stack.`,
  ];
}

/** States that were being written when their writer was killed. */
function removeTemporaries(): void {
  const folder = dirname(stateFile(''));
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (name.endsWith('.tmp')) rmSync(join(folder, name), { force: true });
  }
}

/** Locks of runs that ended without taking them off; a run that still goes on is waited for. */
export async function takeOverLocks(stack: string): Promise<void> {
  const folder = join(backend, '.pulumi', 'locks', 'organization', 'janus-deploy', stack);
  const deadline = Date.now() + 15 * 60_000;
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const path = join(folder, name);
    const lock = readLock(path);
    while (lock && existsSync(path) && lock.hostname === hostname() && isRunning(lock.pid)) {
      if (Date.now() > deadline)
        throw new Failure(
          `Another run (process ${lock.pid}) still deploys stack ${stack}; wait for it or end it.`,
        );
      await setTimeout(500);
    }
    await rm(path, { force: true });
  }
}

/** Nothing for a lock whose writer was killed while it wrote. */
function readLock(path: string): Lock | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Lock;
  } catch {
    return undefined;
  }
}

/** Whether the process that took a lock goes on; where the kernel tells, whether it still is Pulumi. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('pulumi');
  } catch (error) {
    // A process of another user runs too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Containers that were made for the stack and that its state does not know: their names are in the way. */
async function removeOrphans(stack: string): Promise<void> {
  const known = new Set((readState(stack).resources ?? []).map(({ id }) => id));
  const listed = await $({
    quiet: true,
  })`docker ps --all --quiet --no-trunc --filter label=janus-deploy.stack=janus-deploy-${stack}`;
  const orphans = listed.stdout.split('\n').filter((id) => id !== '' && !known.has(id));
  if (orphans.length > 0) await $({ quiet: true })`docker rm --force --volumes ${orphans}`;
}
