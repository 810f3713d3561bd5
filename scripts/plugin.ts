/** `npm run plugin`: changes the gateway's plugins while it runs, and makes new ones. */
import { parseArgs } from 'node:util';
import { drainMinutes } from './lib/drain.ts';
import { createPlugin } from './lib/plugin/create.ts';
import { debug } from './lib/plugin/debug.ts';
import { type RebuildOptions, rebuild } from './lib/plugin/rebuild.ts';
import { showReports } from './lib/plugin/reports.ts';
import { watch } from './lib/plugin/watch.ts';
import { namedEngine } from './lib/settings.ts';
import { reachEngine } from './lib/ssh.ts';
import { main, readCommand } from './lib/steps.ts';

const usage = `Usage: npm run plugin -- rebuild [options]
       npm run plugin -- watch [options]
       npm run plugin -- new NAME

  rebuild     builds what has changed below janus-plugins/, and has the running gateway replaced by one with it
  watch       does so whenever a file there is saved
  new         makes the plugin janus-plugins/NAME, janus.plugin.NAME, which answers

  --sanitize  builds with the address and undefined-behaviour sanitizers, and shows what they report
  --gdb       (rebuild) then attaches a debugger to the gateway; without a terminal, shows where its threads are
  --drain     how long those who watch are waited for first; nobody is, but 10 minutes on a production stack
  --now       waits for nobody
  --stack     the stack; dev unless said`;

interface Command {
  verb: string;
  /** What is left of the command line. */
  names: string[];
  stack: string;
  gdb: boolean;
  options: RebuildOptions;
}

const verbs: Record<string, (command: Command) => Promise<void>> = {
  rebuild: ({ stack, gdb, options }) =>
    reporting(stack, options, async () => {
      await rebuild(stack, options);
      if (gdb) await debug(stack, options.sanitize);
    }),
  watch: ({ stack, options }) => reporting(stack, options, () => watch(stack, options)),
  new: ({ names: [name] }) => createPlugin(name),
};

/** Where sanitizers are asked for, shows what they report while `work` is done, and on until the process ends. */
async function reporting(
  stack: string,
  { sanitize }: RebuildOptions,
  work: () => Promise<void>,
): Promise<void> {
  if (!sanitize) return work();
  await reachEngine(namedEngine(stack));
  const failed = new AbortController();
  const reports = showReports(`janus-deploy-${stack}-gateway`, failed.signal);
  // Where there is no gateway the work says so, too, and what to do.
  reports.catch(() => undefined);
  try {
    await work();
  } catch (error) {
    failed.abort();
    throw error;
  }
  console.log('What the sanitizers report is shown here; end with Ctrl-C.');
  await reports;
}

/** @throws Error that says in what the command line differs from the usage. */
function parseCommand(): Command {
  const { values, positionals } = parseArgs({
    options: {
      stack: { type: 'string', default: 'dev' },
      sanitize: { type: 'boolean', default: false },
      gdb: { type: 'boolean', default: false },
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
  const { stack, sanitize, gdb } = values;
  if (gdb && verb !== 'rebuild') throw new Error('--gdb goes with rebuild alone.');
  if (sanitize && verb === 'new') throw new Error('--sanitize goes with rebuild and watch.');
  return { verb, names, stack, gdb, options: { sanitize, minutes: drainMinutes(values) } };
}

const command = readCommand(parseCommand, usage);
await main(() => verbs[command.verb](command));
