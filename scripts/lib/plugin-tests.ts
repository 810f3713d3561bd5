/** The plugin's own tests, in C with sanitizers, inside the image that the gateway is built in; and its fuzzers. */
import { join } from 'node:path';
import { $ } from './command.ts';
import { ensureFormats } from './format-samples.ts';
import { canFuzz, fuzz } from './fuzz.ts';
import { buildGatewayImage } from './gateway-image.ts';
import { cacheFolder, projectFolder } from './paths.ts';
import { findJanusArchive, Unreachable } from './sources.ts';

/** How long each parser is fed with what a fuzzer makes up. */
const fuzzingSeconds = 20;

/** Counts of the TAP lines that the tests print, over both flavours of Janus. */
export async function pluginTests(): Promise<{ passed: number; failed: number; skipped: number }> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const archive = await findArchive();
  const formats = await ensureFormats(cacheFolder);
  for (const flavour of ['0.9.1', 'distribution'] as const) {
    if (flavour === '0.9.1' && archive === undefined) {
      console.log('# SKIP Janus 0.9.1: its source cannot be reached');
      counts.skipped++;
      continue;
    }
    const image = await buildGatewayImage(flavour, { target: 'build' });
    // One flavour is enough to find races: what differs between them has no threads.
    const sanitizers = flavour === '0.9.1' || archive === undefined ? 'address thread' : 'address';
    const options = [
      ...['--network=none', '--cap-add=SYS_PTRACE', `--env=SANITIZERS=${sanitizers}`],
      `--volume=${join(projectFolder, 'janus-plugins/play')}:/src:ro`,
      ...[`--volume=${formats}:/formats:ro`, '--env=FORMATS=/formats'],
    ];
    const ended = await $({
      nothrow: true,
      quiet: true,
    })`docker run --rm ${options} ${image} sh /src/tests/run /tmp/tests --with-janus=/opt/janus`;
    const [passed, failed] = [/^ok /gm, /^not ok /gm].map((line) => ended.stdout.match(line)?.length ?? 0);
    counts.passed += passed;
    counts.failed += failed;
    if (ended.exitCode !== 0 || passed === 0) {
      console.log(ended.stdout + ended.stderr);
      if (failed === 0) counts.failed++;
    }
    console.log(`plugin against Janus ${flavour}: ${passed} passed, ${failed} failed`);
  }
  if (await canFuzz()) {
    counts.passed += await fuzz(fuzzingSeconds);
  } else {
    console.log('# SKIP fuzzing: this machine has no clang');
    counts.skipped++;
  }
  return counts;
}

/** The Janus source; undefined where it cannot be reached. */
async function findArchive(): Promise<string | undefined> {
  return findJanusArchive('').catch((error) => {
    if (error instanceof Unreachable) return undefined;
    throw error;
  });
}
