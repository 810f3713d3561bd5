/**
 * A run that is killed, as by a power cut, at every step, during a trial, during the last step and at random: the next
 * run finishes without a person.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { $ } from 'zx';
import { Deployment } from '../support/deployment.ts';

const deployment = new Deployment('kill', { maxViewers: 4 });

beforeAll(async () => {
  await deployment.prepare();
  await deployment.run('down');
});
afterAll(() => deployment.remove());

/**
 * Runs `npm run up` and kills it with all its children when `stop` resolves, or lets it end.
 * @returns whether it was killed before its end
 */
async function upKilled(stop: (printed: AsyncIterable<Buffer>) => Promise<unknown>): Promise<boolean> {
  const doomed = spawn('node', ['scripts/run.mjs', 'up', '--stack', deployment.stack], {
    cwd: deployment.folder,
    env: deployment.environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(doomed, 'exit');
  await Promise.race([stop(doomed.stdout), ended]);
  const killed = doomed.exitCode === null;
  if (killed) process.kill(-(doomed.pid as number), 'SIGKILL');
  await ended;
  return killed;
}

/** Resolves when the engine has a container that the filters let through, or has had none for two minutes. */
async function onEngine(...filters: string[]): Promise<void> {
  const options = filters.flatMap((filter) => ['--filter', filter]);
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await setTimeout(50))
    if ((await $({ quiet: true })`docker ps --all --quiet ${options}`).stdout !== '') return;
}

const steps = [
  'certificate ',
  'stack ',
  'preflight ',
  'turn-secret created',
  'turn-files created',
  'turn created',
  'gateway created',
  'web created',
  'pulumi up ',
];

it('is finished by the next run, wherever it was killed', async () => {
  for (const step of steps) {
    await upKilled(async (printed) => {
      let text = '';
      for await (const chunk of printed) {
        text += chunk;
        if (text.includes(step)) return;
      }
    });
  }
  const moments = [
    () => onEngine(`name=${deployment.stack}-gateway-trial$`),
    () => onEngine(`name=${deployment.stack}-turn$`, 'health=starting'),
    () => setTimeout(500 + Math.random() * 10_000),
  ];
  for (const [index, moment] of moments.entries()) {
    // All containers have to be replaced.
    deployment.configure({ maxViewers: 5 + index });
    expect(await upKilled(moment)).toBe(true);
  }
  expect(await deployment.up()).toMatch(/smoke check\s+\d+ checks, every service answers/);
  expect(await deployment.up()).toMatch(/pulumi up\s+\d+ unchanged \(/);
  expect((await deployment.onEngine()).filter((name) => name.endsWith('-trial'))).toEqual([]);
  // Fourteen runs, each of which tries what it replaces.
}, 540_000);

it('waits for a run that still goes on', async () => {
  deployment.configure({ maxViewers: 4, debugLevel: 3 });
  const [one, other] = await Promise.all([deployment.run('up'), deployment.run('up')]);
  expect(one.exitCode, one.stdout + one.stderr).toBe(0);
  expect(other.exitCode, other.stdout + other.stderr).toBe(0);
});
