/**
 * `npm test`: makes sure of all that the tests need, runs them and ends with the real counts. Names of layers run
 * these alone: `npm test -- unit component`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
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
  /** What failed and why, a line each. */
  failures?: string[];
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
  const failures: string[] = [];
  for (const [name, { run }] of chosen) {
    const started = Date.now();
    console.log(`\n== ${name}`);
    const counts = await run().catch((error: Error) => {
      console.error(`${name} could not run: ${error.message}`);
      return { passed: 0, failed: 1, skipped: 0, failures: [error.message] };
    });
    console.log(`== ${name}: ${sentence(counts)} (${((Date.now() - started) / 1000).toFixed(0)} s)`);
    for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += counts[key];
    failures.push(...(counts.failures ?? []).map((failure) => `${name}: ${failure}`));
  }
  // Once more at the end: of a long run, the end is what is read, and often all that is kept.
  for (const failure of failures) console.log(`FAILED ${failure}`);
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
  const checks = [
    'biome check --error-on-warnings .',
    'tsc --noEmit',
    'node scripts/run.mjs docs --check',
    'npm run --silent check --workspace player',
  ];
  const failures: string[] = [];
  for (const check of checks) {
    const { exitCode, stdout, stderr } = await here`${check.split(' ')}`;
    if (exitCode === 0) continue;
    console.log(stdout + stderr);
    failures.push(check);
  }
  return { passed: checks.length - failures.length, failed: failures.length, skipped: 0, failures };
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
    const { numPassedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    const failures: string[] = testResults.flatMap(failuresOf);
    if (ended.exitCode !== 0 && failures.length === 0) failures.push(`vitest ended with ${ended.exitCode}`);
    return {
      passed: numPassedTests,
      failed: failures.length,
      skipped: numPendingTests + numTodoTests,
      failures,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file of vitest's JSON report; `message` is why the file itself failed. */
interface TestFile {
  name: string;
  status: string;
  message: string;
  assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
}

/** What failed in a file, with the first line of why; a file or a set-up that fails before its tests is one. */
function failuresOf({ name, status, message, assertionResults }: TestFile): string[] {
  const file = relative(projectFolder, name);
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0) return status === 'failed' ? [`${file}: ${firstLine(message)}`] : [];
  return failed.map(
    ({ fullName, failureMessages }) => `${file}: ${fullName}: ${firstLine(failureMessages[0])}`,
  );
}

function firstLine(text = ''): string {
  return stripVTControlCharacters(text).trim().split('\n', 1)[0] as string;
}
