/** What those who watch notice when their gateway is replaced or started anew, and how long the command takes. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx';
import { ensureBrowser, launchBrowser } from '../scripts/lib/browser.ts';
import { engineIsHere } from '../scripts/lib/machine.ts';
import { projectFolder } from '../scripts/lib/paths.ts';
import { pictureGap, watchPictures } from '../scripts/lib/picture-gap.ts';
import { readDeployment } from '../scripts/lib/status.ts';
import { Failure } from '../scripts/lib/steps.ts';

/** The commands that end a running gateway, and whether there has to be something new for that. */
const commands = {
  'restart -- --now': { edit: false },
  // Three seconds, in which nobody leaves.
  'restart -- --drain 0.05': { edit: false },
  'plugin -- rebuild': { edit: true },
  up: { edit: true },
};
type Command = keyof typeof commands;

/** Of every round, in seconds. */
export interface Interruption {
  /** Without a new picture. */
  still: number[];
  /** From the command, or the saved edit before it, to a film that goes on. */
  whole: number[];
}

/**
 * Has a browser watch while each command is run `rounds` times, in turn. Where a command needs something new to deploy,
 * the play plugin's version is edited; in the end it is what it was, in the checkout and on the gateway.
 * @throws Failure when the stack is not deployed, or a command fails
 */
export async function measureInterruptions(
  stack: string,
  rounds: number,
): Promise<Record<Command, Interruption>> {
  const deployed = await readDeployment(stack);
  if (deployed === undefined)
    throw new Failure(
      `Stack ${stack} is not deployed from here; deploy it first: npm run up -- --stack ${stack}.`,
    );
  const player = new URL('?file=sample.mp4&autoplay=1', deployed.player);
  if (engineIsHere()) player.hostname = '127.0.0.1';
  const source = join(projectFolder, 'janus-plugins/play/src/plugin.c');
  const text = await readFile(source, 'utf8');
  const measured = Object.fromEntries(
    Object.keys(commands).map((command) => [command, { still: [], whole: [] }]),
  ) as unknown as Record<Command, Interruption>;
  const browser = await launchBrowser(await ensureBrowser());
  try {
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    await page.goto(player.href);
    await page.getByTestId('loop').click();
    await watchPictures(page);
    for (let round = 0; round < rounds; round++) {
      for (const [command, { edit }] of Object.entries(commands)) {
        await pictureGap(page);
        await watchPictures(page);
        const started = performance.now();
        if (edit) await writeFile(source, text.replace('return "0.', `return "${round}.${command.length}.`));
        await run(command, stack);
        measured[command as Command].still.push(await pictureGap(page));
        measured[command as Command].whole.push((performance.now() - started) / 1000);
      }
    }
  } finally {
    await browser.close();
    await writeFile(source, text);
  }
  await run('plugin -- rebuild', stack);
  return measured;
}

async function run(command: string, stack: string): Promise<void> {
  const [verb, ...options] = command.split(' ').filter((word) => word !== '--');
  const ended = await $({
    quiet: true,
    nothrow: true,
  })`${process.execPath} ${join(projectFolder, 'scripts', `${verb}.ts`)} ${options} --stack ${stack}`;
  if (ended.exitCode !== 0) throw new Failure(`npm run ${command} failed:\n${ended.stdout}${ended.stderr}`);
}
