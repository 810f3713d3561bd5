/** `npm run fuzz`: feeds the play plugin's parsers with what libFuzzer makes up, on this machine. */
import { parseArgs } from 'node:util';
import { canFuzz, fuzz } from './lib/fuzz.ts';
import { Failure, main, readCommand } from './lib/steps.ts';

const usage = `Usage: npm run fuzz [-- --hours HOURS]

  --hours  how long each of the four parsers is fed; 20 seconds unless said`;

/** @throws Error that says in what the command line differs from the usage. */
function parseCommand(): { seconds: number } {
  const { values } = parseArgs({ options: { hours: { type: 'string' } } });
  if (values.hours === undefined) return { seconds: 20 };
  const seconds = Math.round(Number(values.hours) * 3600);
  if (!(seconds >= 1)) throw new Error(`--hours is ${values.hours}; accepted: a number such as 1 or 0.5.`);
  return { seconds };
}

const { seconds } = readCommand(parseCommand, usage);
await main(async () => {
  if (!(await canFuzz())) {
    throw new Failure(
      'There is no clang on this machine; install it, and the libraries that janus-plugins/play/README.md names.',
    );
  }
  await fuzz(seconds);
});
