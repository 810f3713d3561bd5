/** A run that is killed, as by a power cut, at every step and at random: the next run finishes without a person. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Deployment } from '../support/deployment.ts';

const deployment = new Deployment('kill', { maxViewers: 4 });

beforeAll(async () => {
  await deployment.prepare();
  await deployment.run('down');
});
afterAll(() => deployment.remove());

/** Runs `npm run up` and kills it with all its children when `stop` resolves, or lets it end. */
async function upKilled(stop: (printed: AsyncIterable<Buffer>) => Promise<void>): Promise<void> {
  const doomed = spawn('node', ['scripts/run.mjs', 'up', '--stack', deployment.stack], {
    cwd: deployment.folder,
    env: deployment.environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(doomed, 'exit');
  await Promise.race([stop(doomed.stdout), ended]);
  try {
    process.kill(-(doomed.pid as number), 'SIGKILL');
  } catch {
    // It had ended by itself.
  }
  await ended;
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
  for (const moment of [Math.random(), Math.random()]) {
    // Something is left to do: the second time, too, the gateway has to be replaced.
    deployment.configure({ maxViewers: 4, debugLevel: moment < 0.5 ? 5 : 6 });
    await upKilled(() => setTimeout(500 + moment * 10_000));
  }
  expect(await deployment.up()).toMatch(/smoke check\s+\d+ checks, every service answers/);
  expect(await deployment.up()).toMatch(/pulumi up\s+\d+ unchanged \(/);
  // Twelve runs, each of which tries what it replaces.
}, 480_000);

it('waits for a run that still goes on', async () => {
  deployment.configure({ maxViewers: 4, debugLevel: 3 });
  const [one, other] = await Promise.all([deployment.run('up'), deployment.run('up')]);
  expect(one.exitCode, one.stdout + one.stderr).toBe(0);
  expect(other.exitCode, other.stdout + other.stderr).toBe(0);
});
