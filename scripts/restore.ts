/** `npm run restore`: puts a backup of the state in place, after which `npm run up` goes on with its stacks. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readBackup, restoreBackup } from './lib/backup.ts';
import { stateFolder } from './lib/paths.ts';
import { main, readCommand } from './lib/steps.ts';

const usage = `Usage: npm run restore -- [options] FILE

  --replace   puts a state that is there aside, into a folder beside it`;

const { values, file } = readCommand(() => {
  const { values, positionals } = parseArgs({
    options: { replace: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  if (positionals.length !== 1) throw new Error('One file is restored.');
  return { values, file: positionals[0] };
}, usage);

await main(async () => {
  const { manifest, contents } = await readBackup(resolve(file));
  const aside = await restoreBackup(contents, values.replace);
  if (aside !== undefined) console.log(`What was there is in ${aside}.`);
  console.log(`${stateFolder} is as it was on ${manifest.made}: ${contents.size} files, stacks ${manifest.stacks.join(', ') || 'none'}.

  To go on with a stack: npm run up -- --stack NAME`);
});
