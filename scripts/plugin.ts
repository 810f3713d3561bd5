/** `npm run plugin`: changes the gateway's plugins while it runs, and makes new ones. */
import { parseArgs } from 'node:util';
import { drainMinutes } from './lib/drain.ts';
import { createPlugin } from './lib/plugin/create.ts';
import { type RebuildOptions, rebuild } from './lib/plugin/rebuild.ts';
import { watch } from './lib/plugin/watch.ts';
import { main, readCommand } from './lib/steps.ts';

const usage = `Usage: npm run plugin -- rebuild [options]
       npm run plugin -- watch [options]
       npm run plugin -- new NAME

  rebuild   builds what has changed below janus-plugins/, and has the running gateway replaced by one with it
  watch     does so whenever a file there is saved
  new       makes the plugin janus-plugins/NAME, janus.plugin.NAME, which answers

  --drain   how long those who watch are waited for first; nobody is, but 10 minutes on a production stack
  --now     waits for nobody
  --stack   the stack; dev unless said`;

interface Command {
  verb: string;
  /** What is left of the command line. */
  names: string[];
  stack: string;
  options: RebuildOptions;
}

const verbs: Record<string, (command: Command) => Promise<void>> = {
  rebuild: ({ stack, options }) => rebuild(stack, options),
  watch: ({ stack, options }) => watch(stack, options),
  new: ({ names: [name] }) => createPlugin(name),
};

/** @throws Error that says in what the command line differs from the usage. */
function parseCommand(): Command {
  const { values, positionals } = parseArgs({
    options: {
      stack: { type: 'string', default: 'dev' },
      drain: { type: 'string' },
      now: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [verb = '', ...names] = positionals;
  if (!(verb in verbs) || names.length !== (verb === 'new' ? 1 : 0)) {
    throw new Error(
      `${JSON.stringify(positionals.join(' '))} is no command; accepted: ${Object.keys(verbs).join(', ')} NAME.`,
    );
  }
  return { verb, names, stack: values.stack, options: { minutes: drainMinutes(values) } };
}

const command = readCommand(parseCommand, usage);
await main(() => verbs[command.verb](command));
