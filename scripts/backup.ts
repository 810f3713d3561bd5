/** `npm run backup`: the state of all stacks, with its passphrase, in one file. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeBackup } from './lib/backup.ts';
import { sharedStacks } from './lib/stack.ts';
import { main, readCommand } from './lib/steps.ts';
import { projectVersion } from './lib/version.ts';

const usage = `Usage: npm run backup -- [options]

  --output FILE   janus-deploy-state-DATE.tar.gz unless said; replaced when it is there`;

const { values } = readCommand(() => parseArgs({ options: { output: { type: 'string' } } }), usage);

await main(async () => {
  const path = resolve(values.output ?? `janus-deploy-state-${new Date().toISOString().slice(0, 10)}.tar.gz`);
  const { stacks, files } = await writeBackup(path, projectVersion);
  const shared = sharedStacks();
  const elsewhere =
    shared.length > 0 &&
    `
  Not in it: the state of ${shared.join(', ')}, as that is where stateBackend says: back it up there, from a bucket by its
  versions. The passphrase and the salt, without which nobody reads its secrets, are in it.
`;
  console.log(`${path}: ${Object.keys(files).length} files, stacks ${stacks.join(', ') || 'none'}.
${elsewhere || ''}
  It has the passphrase: who reads it has every secret of these stacks. Keep it where nobody else can read.
  Not in it, as they are yours: local.env, Pulumi.NAME.yaml, your own certificates, media.
  To go on from it: npm run restore -- FILE`);
});
