/** `npm run status`: what runs, who watches what, and what it takes of the machine. */
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readDeployment, readStatus } from './lib/status.ts';
import { statusText } from './lib/status-text.ts';
import { main } from './lib/steps.ts';

/** Seconds between two looks; the engine takes two for each. */
const pause = 1;

await main(async () => {
  const { values } = parseArgs({
    options: {
      stack: { type: 'string', default: 'dev' },
      json: { type: 'boolean', default: false },
      watch: { type: 'boolean', short: 'w', default: false },
    },
  });
  const deployment = await readDeployment(values.stack);
  for (;;) {
    const status = await readStatus(values.stack, deployment);
    const text = values.json ? JSON.stringify(status) : statusText(status, Date.now());
    // On a terminal each look replaces the one before.
    const clear = values.watch && !values.json && process.stdout.isTTY ? '\u001b[H\u001b[J' : '';
    console.log(`${clear}${text}`);
    if (!values.watch) return;
    await setTimeout(1000 * pause);
  }
});
