/**
 * Lets viewers finish, as a step of a deployment: run by its resource (infra/resources/service.ts) when the gateway is
 * about to be replaced. `CONTAINER` is the gateway; `npm run up` says by the variables below how long, and where to tell
 * it of.
 */
import { appendFileSync } from 'node:fs';
import { drainVariables } from './drain-variables.ts';

const minutes = Number(process.env[drainVariables.minutes] ?? 0);
const log = process.env[drainVariables.log];
// Most of the time nobody is waited for, and nothing has to be loaded.
if (minutes > 0) {
  const { drain } = await import('./drain.ts');
  await drain(process.env.CONTAINER ?? '', minutes * 60_000, (watching) => {
    if (log) appendFileSync(log, `${watching}\n`);
  });
}
