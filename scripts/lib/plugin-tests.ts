/** The plugins' own tests, in C with sanitizers, inside the image that the gateway is built in; and their fuzzers. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from './command.ts';
import { ensureFormats } from './format-samples.ts';
import { canFuzz, fuzz } from './fuzz.ts';
import { buildGatewayImage } from './gateway-image.ts';
import { cacheFolder } from './paths.ts';
import { pluginsFolder } from './plugin/create.ts';
import { findJanusArchive, Unreachable } from './sources.ts';

/** How long each parser is fed with what a fuzzer makes up. */
const fuzzingSeconds = 20;

/** Counts of the TAP lines that the tests print, over both flavours of Janus. */
export async function pluginTests() {
  const counts = { passed: 0, failed: 0, skipped: 0, failures: [] as string[] };
  const archive = await findArchive();
  const formats = await ensureFormats(cacheFolder);
  const tested = readdirSync(pluginsFolder).filter((name) =>
    existsSync(join(pluginsFolder, name, 'tests/run')),
  );
  for (const flavour of ['0.9.1', 'distribution'] as const) {
    if (flavour === '0.9.1' && archive === undefined) {
      console.log('# SKIP Janus 0.9.1: its source cannot be reached');
      counts.skipped++;
      continue;
    }
    const image = await buildGatewayImage(flavour, { target: 'build' });
    // One flavour is enough to find races: what differs between them has no threads.
    const sanitizers = flavour === '0.9.1' || archive === undefined ? 'address thread' : 'address';
    for (const plugin of tested) {
      const { passed, failed } = await testPlugin(plugin, image, { sanitizers, formats });
      counts.passed += passed;
      counts.failed += failed;
      console.log(`${plugin} against Janus ${flavour}: ${passed} passed, ${failed} failed`);
      if (failed > 0) counts.failures.push(`${plugin} against Janus ${flavour}: ${failed} tests`);
    }
  }
  if (await canFuzz()) {
    counts.passed += await fuzz(fuzzingSeconds);
  } else {
    console.log('# SKIP fuzzing: this machine has no clang');
    counts.skipped++;
  }
  return counts;
}

interface TestOptions {
  /** Those that the tests are built with, one after the other. */
  sanitizers?: string;
  /** Folder of the plugin's folder. */
  folder?: string;
  /** Folder of sample files. */
  formats?: string;
}

/**
 * Runs the tests of `janus-plugins/NAME`; what they print is shown when one failed.
 * @param image of the gateway's build stage
 */
export async function testPlugin(
  name: string,
  image: string,
  { sanitizers = 'address', folder = pluginsFolder, formats }: TestOptions = {},
): Promise<{ passed: number; failed: number }> {
  const options = [
    ...['--network=none', '--cap-add=SYS_PTRACE', `--env=SANITIZERS=${sanitizers}`],
    `--volume=${join(folder, name)}:/src:ro`,
    ...(formats ? [`--volume=${formats}:/formats:ro`, '--env=FORMATS=/formats'] : []),
  ];
  const ended = await $({
    nothrow: true,
    quiet: true,
  })`docker run --rm ${options} ${image} sh /src/tests/run /tmp/tests --with-janus=/opt/janus`;
  const [passed, failed] = [/^ok /gm, /^not ok /gm].map((line) => ended.stdout.match(line)?.length ?? 0);
  if (ended.exitCode === 0 && passed > 0) return { passed, failed };
  console.log(ended.stdout + ended.stderr);
  return { passed, failed: Math.max(1, failed) };
}

/** The Janus source; undefined where it cannot be reached. */
async function findArchive(): Promise<string | undefined> {
  return findJanusArchive('').catch((error) => {
    if (error instanceof Unreachable) return undefined;
    throw error;
  });
}
