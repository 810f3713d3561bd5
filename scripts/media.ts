/** `npm run media -- VERB`: makes the films and sound files that a new installation plays, checks, adds and copies others. */
import { statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigError } from '../infra/config/config.ts';
import { mediaMount } from '../infra/plan/container.ts';
import { deploymentName } from '../infra/plan/plan.ts';
import { findBaseImage } from './lib/base-image.ts';
import { addFile } from './lib/media-add.ts';
import { checkFile } from './lib/media-check.ts';
import { type Outgoing, pushMedia } from './lib/media-push.ts';
import { findRenditions } from './lib/media-renditions.ts';
import { listFolder, listMedia } from './lib/media-store.ts';
import { findMediaTools, type MediaTools } from './lib/media-tools.ts';
import { projectFolder } from './lib/paths.ts';
import { ensureSamples } from './lib/samples.ts';
import { stackConfig } from './lib/settings.ts';
import { reachEngine } from './lib/ssh.ts';
import { Failure, main, readCommand, step, transferLine } from './lib/steps.ts';

const usage = `Usage: npm run media -- sample [--folder DIR]
       npm run media -- check FILE...
       npm run media -- add FILE... [--renditions] [--folder DIR]
       npm run media -- push [FILE|FOLDER...] [--stack NAME]
       npm run media -- list [--stack NAME]

  sample     makes sample films and sound files, unless they are there
  --folder   where to; the media folder of the development stack unless said
  check      says whether the gateway can play a file, and if not, why
  add        puts a file into the media folder, changed only as far as the gateway needs it
  --renditions  makes the same in fewer lines beside each film, for viewers whose network is too narrow; also for a
             film that is in the media folder already
  push       copies files, or all that is in a folder, to where the stack's engine plays them from; the media folder
             of this machine unless said; what is there already is not sent again, what was interrupted goes on
  list       says what is there
  --stack    the stack; dev unless said`;

type Command =
  | { verb: 'sample'; folder?: string }
  | { verb: 'check'; files: string[] }
  | { verb: 'add'; files: string[]; folder?: string; renditions: boolean }
  | { verb: 'push'; from: string[]; stack: string }
  | { verb: 'list'; stack: string };

/** @throws Error that says in what the command line differs from the usage. */
function parseCommand(): Command {
  const { values, positionals } = parseArgs({
    options: { folder: { type: 'string' }, stack: { type: 'string' }, renditions: { type: 'boolean' } },
    allowPositionals: true,
  });
  const [verb, ...rest] = positionals;
  const { folder, stack = 'dev', renditions = false } = values;
  const takes: Record<string, (keyof typeof values)[]> = {
    sample: ['folder'],
    add: ['folder', 'renditions'],
    push: ['stack'],
    list: ['stack'],
  };
  const foreign = (Object.keys(values) as (keyof typeof values)[]).filter(
    (option) => !(takes[verb] ?? []).includes(option),
  );
  if (verb === 'check' && rest.length === 0) throw new Error('check needs a file to look at.');
  if (verb === 'add' && rest.length === 0) throw new Error('add needs a file to put into the media folder.');
  if (foreign.length === 0) {
    if (verb === 'check') return { verb, files: rest };
    if (verb === 'add') return { verb, files: rest, folder, renditions };
    if (verb === 'push') return { verb, from: rest, stack };
    if (verb === 'list' && rest.length === 0) return { verb, stack };
    if (verb === 'sample' && rest.length === 0) return { verb, folder };
  }
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

async function add(files: string[], folder: string, renditions: boolean): Promise<void> {
  const tools = await findMediaTools();
  for (const file of files) {
    const isThere = renditions && dirname(resolve(file)) === folder;
    const film = isThere ? resolve(file) : await addOne(file, folder, tools);
    if (renditions) await addRenditions(film, tools);
  }
}

const addOne = (file: string, folder: string, tools: MediaTools): Promise<string> =>
  step(basename(file), async (report) => {
    const { path, reasons } = await addFile(file, folder, tools, report);
    return { result: `${path}: ${reasons.length > 0 ? reasons.join(', ') : 'as it was'}`, value: path };
  });

async function addRenditions(film: string, tools: MediaTools): Promise<void> {
  const found = await findRenditions(film, tools);
  if (found.length === 0) console.log(`${film} has no picture, or one of too few lines for renditions.`);
  for (const { name, make } of found) {
    await step(name, async (report) => {
      await make?.(report);
      return { result: make ? `beside ${film}` : 'is there already', value: undefined };
    });
  }
}

/** Where a stack's media are, and an image to work on them with. */
async function store(stack: string) {
  const config = stackConfig(stack);
  await reachEngine(config.dockerHost);
  const base = await findBaseImage(config.baseImage);
  return { config, mount: mediaMount(deploymentName(stack), config), image: base.name };
}

async function push(from: string[], stack: string): Promise<void> {
  const { config, mount, image } = await store(stack);
  const own = resolve(projectFolder, config.mediaFolder.startsWith('/') ? 'media' : config.mediaFolder);
  if (from.length === 0 && config.dockerHost === '') {
    throw new Failure(
      `Stack ${stack} plays from ${mount.source} on this machine; put files there, or name those that push is to copy there.`,
    );
  }
  const files = (from.length > 0 ? from : [own]).flatMap(outgoing);
  if (files.length === 0) throw new Failure(`There is no film or sound file in ${[...from, own][0]}.`);
  const progress = transferLine();
  const pushed = await pushMedia(mount, image, files, progress.show).finally(progress.end);
  const mebibytes = (pushed.bytes / 2 ** 20).toFixed(1);
  const resumed =
    pushed.resumed > 0 ? `, ${(pushed.resumed / 2 ** 20).toFixed(1)} MiB were there from before` : '';
  console.log(
    `${pushed.sent.length} sent (${mebibytes} MiB${resumed}), ${pushed.present.length} there already.`,
  );
  const on = stack === 'dev' ? '' : ` -- --stack ${stack}`;
  if (pushed.sent.length > 0) console.log(`Run \`npm run up${on}\` to have the player list them.`);
}

/** What a file or folder of the command line stands for. */
function outgoing(named: string): Outgoing[] {
  const path = resolve(named);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new ConfigError([`${named} does not exist; name a file or a folder.`]);
  if (found.isDirectory()) return listFolder(path).map(({ name }) => ({ name, path: join(path, name) }));
  return [{ name: basename(path), path }];
}

async function list(stack: string): Promise<void> {
  const { mount, image } = await store(stack);
  for (const { name } of await listMedia(mount, image)) console.log(name);
}

const command = readCommand(parseCommand, usage);
await main(async () => {
  if (command.verb === 'check') return check(command.files);
  if (command.verb === 'push') return push(command.from, command.stack);
  if (command.verb === 'list') return list(command.stack);
  const folder = resolve(command.folder ?? resolve(projectFolder, stackConfig('dev').mediaFolder));
  return command.verb === 'add' ? add(command.files, folder, command.renditions) : makeSamples(folder);
});
