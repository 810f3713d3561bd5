/** `npm run token`: makes the token that lets its holder play certain files for a while, on a stack with access: token. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureToolchain } from './lib/pulumi.ts';
import { stackConfig } from './lib/settings.ts';
import { openStack, secretOutputs } from './lib/stack.ts';
import { Failure, main, readCommand } from './lib/steps.ts';
import { signToken } from './lib/token.ts';

const usage = `Usage: npm run token -- --media NAME [--media NAME...] [--hours N] [--stack NAME]

  --media   what may be played: a folder with all that is below it, a file, or / for everything;
            relative to the media folder
  --hours   how long the token is valid; 8 unless said
  --stack   the stack whose viewers it is for; dev unless said`;

interface Command {
  media: string[];
  hours: number;
  stack: string;
}

/** @throws Error that says in what the command line differs from the usage. */
function parseCommand(): Command {
  const { values } = parseArgs({
    options: {
      media: { type: 'string', multiple: true, default: [] },
      hours: { type: 'string', default: '8' },
      stack: { type: 'string', default: 'dev' },
    },
  });
  const { media, stack } = values;
  const hours = Number(values.hours);
  if (media.length === 0) throw new Error('--media is missing: name what may be played.');
  if (!(hours > 0 && hours <= 24 * 366)) {
    throw new Error(`--hours is ${values.hours}; accepted: a number above 0, up to 8784 (a year).`);
  }
  const wrong = media.find(
    (name) => name !== '/' && (/^\/|^$|\0/.test(name) || name.split('/').includes('..')),
  );
  if (wrong !== undefined) {
    throw new Error(
      `--media is ${JSON.stringify(wrong)}; accepted: a name relative to the media folder, without "..", or / for everything.`,
    );
  }
  return { media, hours, stack };
}

/** A folder's name ends with a slash; what is not there (yet) is said. */
function named(name: string, mediaFolder: string): string {
  const path = join(mediaFolder, name);
  if (!existsSync(path)) {
    console.error(`Note: there is no ${name} in ${mediaFolder}; the token will hold for it once there is.`);
    return name;
  }
  return statSync(path).isDirectory() && !name.endsWith('/') ? `${name}/` : name;
}

const { media, hours, stack: name } = readCommand(parseCommand, usage);
await main(async () => {
  const { mediaFolder } = stackConfig(name);
  const toolchain = await ensureToolchain((part) => console.error(`building ${part} …`));
  const deployed = await secretOutputs(await openStack(name, toolchain));
  if (typeof deployed.tokenSecret !== 'string') {
    throw new Failure(
      `Stack ${name} asks for no tokens; set janus-deploy:access: token in Pulumi.${name}.yaml and run \`npm run up\` first.`,
    );
  }
  const expires = Math.floor(Date.now() / 1000 + hours * 3600);
  const token = signToken(
    { media: media.map((entry) => named(entry, mediaFolder)), expires },
    deployed.tokenSecret,
  );
  // What is for people goes to standard error, so that the token can be piped.
  console.log(token);
  console.error(`Valid until ${new Date(expires * 1000).toISOString()}. As a link for viewers:`);
  console.error(`${deployed.player}?token=${encodeURIComponent(token)}`);
});
