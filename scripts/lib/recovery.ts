/** Puts right what a killed run left: locks in the state, operations it does not know the end of, orphans. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { $ } from './command.ts';
import { backend, type Checkpoint, pulumi, readCheckpoint, type Stack, stateFile } from './stack.ts';
import { Failure } from './steps.ts';

interface Lock {
  pid: number;
  hostname: string;
}

/** What the state holds of the stack; of one of this machine's it is read without the toolchain. */
async function readState(stack: Stack): Promise<Checkpoint> {
  if (stack.shared !== undefined) return (await readCheckpoint(stack)) ?? {};
  if (!existsSync(stateFile(stack.name))) return {};
  const { checkpoint } = JSON.parse(readFileSync(stateFile(stack.name), 'utf8')) as {
    checkpoint?: { latest?: Checkpoint };
  };
  return checkpoint?.latest ?? {};
}

/** Makes the stack ready for the next operation, without a person's help. */
export async function recover(stack: Stack): Promise<void> {
  if (stack.shared === undefined) {
    await takeOverLocks(stack.name);
    removeTemporaries();
  }
  if (((await readState(stack)).pending_operations ?? []).length === 0) return;
  // First, as it fails while another machine's run goes on.
  const refreshed = await pulumi(stack, ['refresh', '--yes', '--skip-preview', '--clear-pending-creates']);
  if (isLocked(refreshed.stderr) && stack.shared !== undefined) {
    await takeOverShared(stack, refreshed.stderr);
    return recover(stack);
  }
  if (refreshed.exitCode !== 0)
    throw new Failure(`The interrupted run could not be put right:\n${refreshed.stdout}`);
  await removeOrphans(stack);
}

/** Another run is at work: nothing was done, and nothing is to be put right. */
export class Locked extends Failure {}

/** Whether that is what Pulumi complains of. */
export const isLocked = (complaint: string): boolean => complaint.includes('the stack is currently locked');

/**
 * Takes the locks off a shared state whose runs were on this machine and have ended.
 * @param complaint Pulumi's, which names them
 * @throws Locked when another run goes on, or may do so on another machine
 */
export async function takeOverShared(stack: Stack, complaint: string): Promise<void> {
  const locks = [...complaint.matchAll(/created by (\S+)@(\S+) \(pid (\d+)\) at (\S+)/g)];
  const alive = locks.find(([, , host, pid]) => host !== hostname() || isRunning(Number(pid)));
  if (alive === undefined && locks.length > 0) {
    await pulumi(stack, ['cancel', '--yes']);
    return;
  }
  const [, user, host, pid, since] = alive ?? [];
  throw new Locked(
    `Another run deploys stack ${stack.name}${
      alive ? ` (of ${user} on ${host}, process ${pid}, since ${since})` : ''
    }; wait for it, or, when it has ended there, take its lock off: \`npm run pulumi -- cancel --yes\` with JANUS_DEPLOY_STACK=${stack.name}.`,
  );
}

/**
 * What has this stack's names on the engine and is not in its state: another deployment's, from another state. A
 * sentence for each kind; nothing while an interrupted run is still to be put right.
 */
export async function foreignResources(stack: Stack): Promise<string[]> {
  const state = await readState(stack);
  if ((state.pending_operations ?? []).length > 0) return [];
  const known = new Set((state.resources ?? []).map(({ id }) => id));
  const filter = `name=^/?janus-deploy-${stack.name}-(gateway|turn|web|prometheus|grafana)(-files)?$`;
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
    `${names.join(', ')} are on the engine and not in this state: another deployment of stack ${stack.name} made them; take that down first, or deploy with another --stack.`,
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

/**
 * Waits for a run that is under way on one of this machine's states; in a shared one, its lock will end this run.
 * @returns what tells the state from an earlier and a later one; undefined for a shared one
 */
export async function settledState({ name, shared }: Stack): Promise<number | undefined> {
  if (shared !== undefined) return undefined;
  await takeOverLocks(name);
  return statSync(stateFile(name)).mtimeMs;
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
async function removeOrphans(stack: Stack): Promise<void> {
  const known = new Set(((await readState(stack)).resources ?? []).map(({ id }) => id));
  const listed = await $({
    quiet: true,
  })`docker ps --all --quiet --no-trunc --filter label=janus-deploy.stack=janus-deploy-${stack.name}`;
  const orphans = listed.stdout.split('\n').filter((id) => id !== '' && !known.has(id));
  if (orphans.length > 0) await $({ quiet: true })`docker rm --force --volumes ${orphans}`;
}
