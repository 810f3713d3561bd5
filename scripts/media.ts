/** `npm run media -- VERB`: makes the films and sound files that a new installation plays, checks and adds others. */
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { addFile } from './lib/media-add.ts';
import { checkFile } from './lib/media-check.ts';
import { findMediaTools } from './lib/media-tools.ts';
import { ensureSamples } from './lib/samples.ts';
import { loadConfig, readStackFile, stackFile } from './lib/settings.ts';
import { Failure, main, readCommand, step } from './lib/steps.ts';

const usage = `Usage: npm run media -- sample [--folder DIR]
       npm run media -- check FILE...
       npm run media -- add FILE... [--folder DIR]

  sample     makes sample films and sound files, unless they are there
  check      says whether the gateway can play a file, and if not, why
  add        puts a file into the media folder, changed only as far as the gateway needs it
  --folder   where to; the media folder of the development stack unless said`;

type Command =
  | { verb: 'sample'; folder?: string }
  | { verb: 'check'; files: string[] }
  | { verb: 'add'; files: string[]; folder?: string };

/** @throws Error that says in what the command line differs from the usage. */
function parseCommand(): Command {
  const { values, positionals } = parseArgs({
    options: { folder: { type: 'string' } },
    allowPositionals: true,
  });
  const [verb, ...rest] = positionals;
  if (verb === 'check' && rest.length === 0) throw new Error('check needs a file to look at.');
  if (verb === 'add' && rest.length === 0) throw new Error('add needs a file to put into the media folder.');
  if (verb === 'add') return { verb, files: rest, folder: values.folder };
  if (verb === 'check' && rest.length > 0 && values.folder === undefined) return { verb, files: rest };
  if (verb === 'sample' && rest.length === 0) return { verb, folder: values.folder };
  throw new Error(
    `Found ${positionals.length > 0 ? positionals.join(' ') : 'nothing'} where a verb was expected.`,
  );
}

async function makeSamples(folder: string): Promise<void> {
  await step('sample media', async () => ({ result: await ensureSamples(folder), value: undefined }));
}

async function check(files: string[]): Promise<void> {
  const tools = await findMediaTools();
  console.log(`Checked with ${tools.name}.`);
  let refused = 0;
  for (const file of files) {
    const { summary, problems } = await checkFile(file, tools);
    console.log(`${problems.length === 0 ? '✔' : '✘'} ${file}: ${summary}`);
    for (const problem of problems) console.log(`  cannot be played: ${problem}`);
    if (problems.length > 0) refused++;
  }
  if (refused > 0) throw new Failure(`${refused} of ${files.length} cannot be played.`);
}

async function add(files: string[], folder: string): Promise<void> {
  const tools = await findMediaTools();
  for (const file of files) {
    await step(basename(file), async (report) => {
      const { path, reasons } = await addFile(file, folder, tools, report);
      return {
        result: `${path}: ${reasons.length > 0 ? reasons.join(', ') : 'as it was'}`,
        value: undefined,
      };
    });
  }
}

const command = readCommand(parseCommand, usage);
await main(async () => {
  if (command.verb === 'check') return check(command.files);
  const folder = command.folder
    ? resolve(command.folder)
    : loadConfig(readStackFile(stackFile('dev'))).mediaFolder;
  return command.verb === 'add' ? add(command.files, folder) : makeSamples(folder);
});
