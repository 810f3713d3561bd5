/** `npm run restart`: starts the gateway anew, after those who watch have finished. */
import { parseArgs } from 'node:util';
import { $ } from './lib/command.ts';
import { readContainers } from './lib/containers.ts';
import { drain, drainMinutes, tellWatching } from './lib/drain.ts';
import { whyUnhealthy } from './lib/healthy.ts';
import { logEnd } from './lib/log-end.ts';
import { namedEngine } from './lib/settings.ts';
import { reachEngine } from './lib/ssh.ts';
import { Failure, main, readCommand, step } from './lib/steps.ts';

const usage = `Usage: npm run restart -- [--drain MINUTES | --now] [--stack NAME]

  --drain   how long those who watch are waited for, while nobody new is let in; 10 unless said
  --now     waits for nobody
  --stack   the stack; dev unless said`;

/** @throws Error that says in what the command line differs from the usage. */
function parseCommand(): { stack: string; minutes: number } {
  const { values } = parseArgs({
    options: {
      stack: { type: 'string', default: 'dev' },
      drain: { type: 'string' },
      now: { type: 'boolean', default: false },
    },
  });
  return { stack: values.stack, minutes: drainMinutes(values) ?? 10 };
}

const { stack, minutes } = readCommand(parseCommand, usage);
await main(async () => {
  await reachEngine(namedEngine(stack));
  const container = `janus-deploy-${stack}-gateway`;
  const { state } = (await readContainers(`janus-deploy-${stack}`))?.find(
    ({ service }) => service === 'gateway',
  ) ?? { state: 'missing' };
  if (state === 'missing') {
    throw new Failure(`Stack ${stack} has no gateway on this engine; \`npm run up\` deploys it.`);
  }
  await step('drain', async () => {
    const left = await drain(container, minutes * 60_000, tellWatching);
    return {
      result: left === 0 ? 'nobody watches' : `${left} ${left === 1 ? 'is' : 'are'} interrupted`,
      value: undefined,
    };
  });
  await step('restart', async () => {
    await $({ quiet: true })`docker restart ${container}`;
    const why = await whyUnhealthy(container, ['/usr/local/bin/healthcheck']);
    if (why) throw new Failure(`The gateway ${why}; its log ends with:\n${await logEnd(container)}`);
    return { result: 'the gateway serves again', value: undefined };
  });
});
