/**
 * `npm test`: makes sure of all that the tests need, runs them and ends with the real counts. Names of layers run
 * these alone: `npm test -- unit component`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBaseImage } from './lib/base-image.ts';
import { ensureBrowser } from './lib/browser.ts';
import { $ } from './lib/command.ts';
import { ensureEngine } from './lib/engine.ts';
import { projectFolder, samplesFolder } from './lib/paths.ts';
import { pluginTests } from './lib/plugin-tests.ts';
import { ensureToolchain } from './lib/pulumi.ts';
import { ensureSamples } from './lib/samples.ts';
import { Failure, main, step } from './lib/steps.ts';
import { ensureGofakes3, ensurePebble, ensureSslyze } from './lib/test-tools.ts';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** The layers in the order they run: what needs least first. */
const layers: Record<string, { needsEngine: boolean; run: () => Promise<Counts> }> = {
  checks: { needsEngine: false, run: staticChecks },
  unit: { needsEngine: false, run: () => vitest('unit') },
  component: { needsEngine: false, run: () => vitest('component') },
  player: { needsEngine: false, run: () => vitest('player') },
  plugin: { needsEngine: true, run: pluginTests },
  deploy: { needsEngine: true, run: () => vitest('deploy') },
  e2e: { needsEngine: true, run: () => vitest('e2e') },
};

await main(async () => {
  const asked = process.argv.slice(2).filter((argument) => argument !== '--all');
  const unknown = asked.filter((name) => !(name in layers));
  if (unknown.length > 0) {
    throw new Failure(
      `There is no layer ${unknown.join(', ')}; accepted: ${Object.keys(layers).join(', ')}, or none for all.`,
    );
  }
  const chosen = Object.entries(layers).filter(([name]) => asked.length === 0 || asked.includes(name));
  if (chosen.some(([, { needsEngine }]) => needsEngine)) await setUp();
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [name, { run }] of chosen) {
    const started = Date.now();
    console.log(`\n== ${name}`);
    const counts = await run().catch((error: Error) => {
      console.error(`${name} could not run: ${error.message}`);
      return { passed: 0, failed: 1, skipped: 0 };
    });
    console.log(`== ${name}: ${sentence(counts)} (${((Date.now() - started) / 1000).toFixed(0)} s)`);
    for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += counts[key];
  }
  console.log(`\n${sentence(total)}`);
  if (total.failed > 0) process.exitCode = 1;
});

function sentence({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** Everything that a bare machine lacks. */
async function setUp(): Promise<void> {
  await step('engine', async () => ({ result: await ensureEngine(), value: undefined }));
  await step('pulumi', async () => {
    const { result } = await ensureToolchain((part) => console.log(`  building ${part} …`));
    return { result, value: undefined };
  });
  await step('base image', async () => ({ result: (await ensureBaseImage('auto')).name, value: undefined }));
  await step('sample media', async () => ({
    result: await ensureSamples(samplesFolder),
    value: undefined,
  }));
  process.env.CHROMIUM = await step('browser', async () => {
    const path = await ensureBrowser();
    return { result: path, value: path };
  });
  await step('test tools', async () => {
    const found = [await ensurePebble(), await ensureSslyze(), await ensureGofakes3()];
    return {
      result: found.map((tool) => ('path' in tool ? tool.path : `none: ${tool.missing}`)).join(', '),
      value: undefined,
    };
  });
}

/** Formatting, lint and types; each counts as one test. */
async function staticChecks(): Promise<Counts> {
  const here = $({ cwd: projectFolder, quiet: true, nothrow: true });
  const ended = [
    await here`biome check --error-on-warnings .`,
    await here`tsc --noEmit`,
    await here`node scripts/run.mjs docs --check`,
    await here`npm run --silent check --workspace player`,
  ];
  for (const { exitCode, stdout, stderr } of ended) if (exitCode !== 0) console.log(stdout + stderr);
  const failed = ended.filter(({ exitCode }) => exitCode !== 0).length;
  return { passed: ended.length - failed, failed, skipped: 0 };
}

/** Runs a vitest project; what it prints is shown as it comes. */
async function vitest(project: string): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'janus-deploy-test-'));
  try {
    const report = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile=${report}`];
    const command = ['node_modules/vitest/vitest.mjs', 'run', '--project', project, ...reporters];
    const ended = await $({
      cwd: projectFolder,
      nothrow: true,
      quiet: true,
      stdio: ['ignore', 'inherit', 'inherit'],
    })`${process.execPath} ${command}`;
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numFailedTestSuites } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    // A file or a set-up that fails before any of its tests counts as one failure.
    const broken = ended.exitCode !== 0 && numFailedTests === 0 ? Math.max(1, numFailedTestSuites) : 0;
    return {
      passed: numPassedTests,
      failed: numFailedTests + broken,
      skipped: numPendingTests + numTodoTests,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
