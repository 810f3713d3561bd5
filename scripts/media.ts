/** `npm run media -- sample`: makes the films and sound files that a new installation plays. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureSamples } from './lib/samples.ts';
import { loadConfig, readStackFile, stackFile } from './lib/settings.ts';
import { main, step } from './lib/steps.ts';

const usage = `Usage: npm run media -- sample [--folder DIR]
  sample   makes sample films and sound files; those that are there are kept
  --folder the folder to make them in; the media folder of the development stack unless said`;

/** @throws TypeError when the command line is not as the usage says. */
function parseCommand() {
  const { values, positionals } = parseArgs({
    options: { folder: { type: 'string' } },
    allowPositionals: true,
  });
  if (positionals.length !== 1 || positionals[0] !== 'sample') {
    throw new TypeError(
      `Expected sample, found ${positionals.length === 0 ? 'nothing' : positionals.join(' ')}.`,
    );
  }
  return { folder: values.folder };
}

function refuse(error: TypeError): never {
  console.error(`${error.message.split('. ')[0].replace(/\.?$/, '.')}\n\n${usage}`);
  process.exit(2);
}

let command: ReturnType<typeof parseCommand>;
try {
  command = parseCommand();
} catch (error) {
  refuse(error as TypeError);
}

await main(async () => {
  const folder = command.folder
    ? resolve(command.folder)
    : loadConfig(readStackFile(stackFile('dev'))).mediaFolder;
  await step('sample media', async () => ({ result: await ensureSamples(folder), value: undefined }));
});
