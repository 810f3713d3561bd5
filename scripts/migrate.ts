/** `npm run migrate -- OLD_DIR`: takes the configuration of a docker-compose set-up over. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs, styleText } from 'node:util';
import { $ } from './lib/command.ts';
import { engineAnswers } from './lib/engine.ts';
import { setEnv, setStack } from './lib/migrate/apply.ts';
import { readSetUp } from './lib/migrate/compose.ts';
import { translate } from './lib/migrate/translate.ts';
import { projectFolder } from './lib/paths.ts';
import { diffTexts } from './lib/plan-diff.ts';
import { stackFile } from './lib/settings.ts';
import { Failure, main, readCommand } from './lib/steps.ts';
import { writeWhole } from './lib/write-whole.ts';

const usage = `Usage: npm run migrate -- OLD_DIR [options]

  OLD_DIR        folder of the docker-compose set-up; it is only read
  --stack NAME   the stack whose config file is written; dev unless said
  --yes          writes without asking, unless a value that is set would change`;

const { values, positionals } = readCommand(() => {
  const parsed = parseArgs({
    options: { stack: { type: 'string', default: 'dev' }, yes: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  if (parsed.positionals.length !== 1) throw new Error('One folder is expected.');
  return parsed;
}, usage);

await main(async () => {
  const { env, stack, notes, containers } = translate(readSetUp(resolve(positionals[0])));
  const files = { [join(projectFolder, 'local.env')]: env, [stackFile(values.stack)]: stack };
  const changes = Object.entries(files).map(([path, wanted]) => {
    const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const set = path.endsWith('.env') ? setEnv : setStack;
    return { path, before, ...set(before, wanted as Record<string, string>) };
  });
  const changed = changes.filter(({ before, text }) => text !== before);
  for (const note of notes) console.log(`- ${note}`);
  for (const sentence of await holders(containers)) console.log(`- ${sentence}`);
  if (changed.length === 0) {
    console.log('\nNothing is to be written.');
    return;
  }
  const texts = (side: 'before' | 'text') =>
    Object.fromEntries(changed.map((change) => [basename(change.path), change[side]]));
  console.log(`\n${await diffTexts(texts('before'), texts('text'), styleText('red', 'x') !== 'x')}\n`);
  const conflicts = changed.flatMap((change) => change.conflicts);
  if (values.yes && conflicts.length > 0) {
    throw new Failure(
      `What is set would change (${conflicts.join('; ')}); take it out of the files, or run without --yes and say yes.`,
    );
  }
  if (!values.yes && !(await confirmed())) {
    console.log('Nothing was written.');
    return;
  }
  for (const { path, text } of changed) await writeWhole(path, text, 0o644);
  const on = values.stack === 'dev' ? '' : ` -- --stack ${values.stack}`;
  console.log(
    `Written: ${changed.map(({ path }) => basename(path)).join(', ')}. Look at it with \`npm run plan${on}\`, deploy it with \`npm run up${on}\`.`,
  );
});

/** Old containers that run, which hold the ports. */
async function holders(names: string[]): Promise<string[]> {
  if (names.length === 0 || !(await engineAnswers())) return [];
  const listed = await $({ quiet: true })`docker ps --format {{.Names}}`;
  const running = names.filter((name) => listed.stdout.split('\n').includes(name));
  if (running.length === 0) return [];
  return [
    `${running.join(', ')} ${running.length > 1 ? 'run and hold' : 'runs and holds'} the ports: \`docker stop ${running.join(' ')}\` before \`npm run up\`; \`docker start\` brings the old set-up back.`,
  ];
}

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    console.log('There is no terminal to ask on; --yes writes it.');
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('Write this? [y/N] ');
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
