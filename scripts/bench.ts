/** `npm run bench`: what a viewer, and an update without changes, cost, side by side with other ways of doing it. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureCycles } from '../bench/cycles.ts';
import { measureFigures } from '../bench/figures.ts';
import { ensureFilms } from '../bench/films.ts';
import { measureFirstFrames } from '../bench/first-frame.ts';
import { measureInterruptions } from '../bench/interruption.ts';
import { climb, type Step, spreadOut } from '../bench/ladder.ts';
import { type Cost, compareNoOps } from '../bench/no-op.ts';
import { buildReceiver } from '../bench/receiver.ts';
import { aims, costOf, type Measured, plot, table } from '../bench/report.ts';
import { measureSync } from '../bench/sync.ts';
import { measureUnopened } from '../bench/unopened.ts';
import { summary, type Waits } from '../bench/waits.ts';
import { differentFilms, type WayName, ways } from '../bench/ways.ts';
import type { JanusFlavour } from '../infra/plan/plan.ts';
import { buildGatewayImage } from './lib/gateway-image.ts';
import { Failure, main, step } from './lib/steps.ts';

/** What can be measured: the ways of serving, 100 viewers of ever more films, viewers who come and go, one
 * who begins late in a film that nobody has opened, and the plugin without Janus. */
const parts = [...Object.keys(ways), 'spread', 'cycles', 'unopened', 'plugin'];

const usage = `Usage: npm run bench -- [options]

  --viewers N       no more viewers than this (400)
  --seconds N       how long each step is measured (8)
  --only PART,...   some of: ${parts.join(', ')}
  --flavour NAME    Janus 0.9.1 (default) or distribution
  --event-loops N   event loops of the gateway; 0 is a thread a viewer (1, as its processor is one)
  --output FOLDER   also writes the figures there: JSON, Markdown tables and an SVG plot; what was measured before and
                    is not now stays
  --no-op STACK     instead: what \`npm run up\` of this stack costs when there is nothing to do, beside what
                    \`docker compose up\` of the same services does
  --first-frame URL instead: how long a picture takes to come, after opening a deployment's player, a click on play and
                    a seek, https://localhost:8443/player/
  --sync URL        instead: how far sound and picture are apart there, from the start until 10 minutes later
  --interruption STACK
                    instead: for how long a film stands still when this stack's gateway is replaced or started anew, and
                    how long that takes; the play plugin is edited meanwhile, and put back`;

interface Options {
  viewers: number;
  seconds: number;
  only: string[];
  flavour: JanusFlavour;
  eventLoops: number;
  output?: string;
  noOp?: string;
  firstFrame?: string;
  sync?: string;
  interruption?: string;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      viewers: { type: 'string', default: '400' },
      seconds: { type: 'string', default: '8' },
      only: { type: 'string', default: parts.join(',') },
      flavour: { type: 'string', default: '0.9.1' },
      'event-loops': { type: 'string', default: '1' },
      output: { type: 'string' },
      'no-op': { type: 'string' },
      'first-frame': { type: 'string' },
      sync: { type: 'string' },
      interruption: { type: 'string' },
    },
  });
  const natural = (name: 'viewers' | 'seconds' | 'event-loops', least: number): number => {
    const number = Number(values[name]);
    if (!Number.isInteger(number) || number < least)
      throw new Error(`--${name} is ${values[name]}; accepted: a whole number from ${least} on.`);
    return number;
  };
  const only = values.only.split(',');
  const unknown = only.filter((name) => !parts.includes(name));
  if (unknown.length > 0)
    throw new Error(`--only names ${unknown.join(', ')}; accepted: ${parts.join(', ')}.`);
  if (values.flavour !== '0.9.1' && values.flavour !== 'distribution')
    throw new Error(`--flavour is ${values.flavour}; accepted: 0.9.1, distribution.`);
  return {
    viewers: natural('viewers', 1),
    seconds: natural('seconds', 1),
    only,
    flavour: values.flavour,
    eventLoops: natural('event-loops', 0),
    output: values.output,
    noOp: values['no-op'],
    firstFrame: values['first-frame'],
    sync: values.sync,
    interruption: values.interruption,
  };
}

/** Viewers in all. */
const comingAndGoing = 500;

async function bench(options: Options): Promise<void> {
  if (cpus().length < 2)
    throw new Failure('The benchmark needs two processors: one for what serves, one for what watches.');
  await step('receiver', async () => ({ result: 'built', value: await buildReceiver() }));
  const image = await step('gateway', async () => {
    const id = await buildGatewayImage(options.flavour);
    return { result: `Janus ${options.flavour}`, value: id };
  });
  await step('films', async () => ({
    result: 'there',
    value: await ensureFilms(
      options.only.includes('films') || options.only.includes('spread')
        ? Math.min(options.viewers, differentFilms)
        : 0,
    ),
  }));
  const scratch = await mkdtemp(join(tmpdir(), 'janus-deploy-bench-'));
  try {
    const steps: Step[] = [];
    const keep = async (measured: Measured): Promise<Measured> => {
      const all = await withEarlier(options, measured);
      if (options.output !== undefined) await write(options.output, options.flavour, all);
      return all;
    };
    const take = async (title: string, measured: AsyncGenerator<Step>) => {
      console.log(`\n${title}`);
      for await (const step of measured) {
        console.log(`  ${sentence(step)}`);
        steps.push(step);
        await keep({ steps });
      }
    };
    for (const name of Object.keys(ways) as WayName[]) {
      if (options.only.includes(name))
        await take(ways[name].title, climb(name, { ...options, image, scratch }));
    }
    if (options.only.includes('spread'))
      await take('play plugin, 100 viewers of ever more films', spreadOut({ ...options, image, scratch }));
    const figures = options.only.includes('plugin') ? await measureFigures() : undefined;
    const cycles = options.only.includes('cycles')
      ? await measureCycles(image, options.eventLoops, comingAndGoing)
      : undefined;
    const unopened = options.only.includes('unopened')
      ? await measureUnopened(image, options.eventLoops)
      : undefined;
    console.log(`\n${aims(await keep({ steps, figures, cycles, unopened }))}`);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Runs of each. */
const rounds = 7;

async function benchNoOp(stack: string): Promise<void> {
  const { up, compose } = await compareNoOps(stack, rounds);
  const line = (what: string, { wall, processor }: Cost) =>
    console.log(
      `${what.padEnd(20)} ${wall.toFixed(2).padStart(6)} s, ${processor.toFixed(2)} s of a processor`,
    );
  line('npm run up', up);
  line('docker compose up -d', compose);
  console.log(
    `ratio                ${(up.wall / compose.wall).toFixed(1).padStart(6)},   ${(up.processor / compose.processor).toFixed(1)}; medians of ${rounds} runs`,
  );
}

/** Times that the page is opened, and as often that it is opened and clicked. */
const visits = 15;

async function benchFirstFrame(player: string): Promise<void> {
  const { opened, clicked, sought } = await measureFirstFrames(player, visits);
  const line = (what: string, { p50, p95 }: Waits) =>
    console.log(
      `${what.padEnd(28)} p50 ${p50.toFixed(0).padStart(5)} ms, p95 ${p95.toFixed(0).padStart(5)} ms`,
    );
  line('page opened to first picture', opened);
  line('click to first picture', clicked);
  line('seek to first picture there', sought);
}

async function benchSync(player: string): Promise<void> {
  const text = (offset?: number) => (offset === undefined ? 'nothing to compare' : `${offset.toFixed(0)} ms`);
  for await (const { after, sent, heard } of measureSync(player))
    console.log(`sound later than picture after ${after}: sent ${text(sent)}, heard ${text(heard)}`);
}

/** Times that each command is run. */
const interruptions = 5;

async function benchInterruption(stack: string): Promise<void> {
  const spread = (seconds: number[]) =>
    `p50 ${summary(seconds).p50.toFixed(1)} s, max ${Math.max(...seconds).toFixed(1)} s`;
  for (const [command, { still, whole }] of Object.entries(await measureInterruptions(stack, interruptions)))
    console.log(
      `npm run ${command.padEnd(24)} the film stands still: ${spread(still)}; plays again after ${spread(whole)}`,
    );
  console.log(`of ${interruptions} runs each`);
}

/** Together with what the output folder holds of parts that were not measured now. */
async function withEarlier({ output, flavour }: Options, measured: Measured): Promise<Measured> {
  const file = output && join(output, `${flavour}.json`);
  if (file === undefined || !existsSync(file)) return measured;
  const earlier = JSON.parse(await readFile(file, 'utf8')) as Measured;
  const key = ({ way, viewers, films }: Step) => `${way} ${viewers} ${films}`;
  const now = new Set(measured.steps.map(key));
  const order = Object.keys(ways);
  return {
    steps: [...earlier.steps.filter((step) => !now.has(key(step))), ...measured.steps].sort(
      (a, b) =>
        order.indexOf(a.way) - order.indexOf(b.way) ||
        a.viewers - b.viewers ||
        (a.films ?? 0) - (b.films ?? 0),
    ),
    figures: measured.figures ?? earlier.figures,
    cycles: measured.cycles ?? earlier.cycles,
    unopened: measured.unopened ?? earlier.unopened,
  };
}

async function write(folder: string, flavour: JanusFlavour, measured: Measured): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${flavour}.json`), `${JSON.stringify(measured, null, 2)}\n`);
  await writeFile(join(folder, `${flavour}.md`), `${aims(measured)}\n${table(measured.steps)}`);
  await writeFile(join(folder, `${flavour}.svg`), plot(measured.steps));
}

function sentence(step: Step): string {
  const packets = step.packets / step.seconds;
  return [
    `${String(step.viewers).padStart(4)} viewers`,
    `${costOf(step).toFixed(2)} mC each`,
    `late p99 ${step.lateP99.toFixed(1)} ms`,
    `${step.lost} of ${step.packets} lost`,
    `${(step.gateway.switches / packets).toFixed(2)} switches/packet`,
    `busy ${step.cores.serving.toFixed(2)} and ${step.cores.receiving.toFixed(2)}, by others ${step.others.toFixed(2)}`,
    step.ended ?? '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}

let options: Options;
try {
  options = readOptions();
} catch (error) {
  console.error(`${(error as Error).message}\n\n${usage}`);
  process.exit(2);
}
const { noOp, firstFrame, sync, interruption } = options;
await main(() => {
  if (noOp !== undefined) return benchNoOp(noOp);
  if (firstFrame !== undefined) return benchFirstFrame(firstFrame);
  if (sync !== undefined) return benchSync(sync);
  if (interruption !== undefined) return benchInterruption(interruption);
  return bench(options);
});
