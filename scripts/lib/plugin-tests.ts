/** The plugin's own tests, in C with sanitizers, inside the image that the gateway is built in. */
import { join } from 'node:path';
import type { JanusFlavour } from '../../infra/plan/plan.ts';
import { findBaseImage } from './base-image.ts';
import { stagedContexts } from './build-contexts.ts';
import { $ } from './command.ts';
import { projectFolder } from './paths.ts';
import { findJanusArchive, Unreachable } from './sources.ts';

/** Counts of the TAP lines that the tests print, over both flavours of Janus. */
export async function pluginTests(): Promise<{ passed: number; failed: number; skipped: number }> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const archive = await findArchive();
  for (const flavour of ['0.9.1', 'distribution'] as const) {
    if (flavour === '0.9.1' && archive === undefined) {
      console.log('# SKIP Janus 0.9.1: its source cannot be reached');
      counts.skipped++;
      continue;
    }
    const image = await buildTestImage(flavour);
    const ended = await $({
      nothrow: true,
      quiet: true,
    })`docker run --rm --network none --cap-add SYS_PTRACE --volume ${join(projectFolder, 'janus-plugins/play')}:/src:ro ${image} sh /src/tests/run /tmp/tests --with-janus=/opt/janus`;
    const [passed, failed] = [/^ok /gm, /^not ok /gm].map((line) => ended.stdout.match(line)?.length ?? 0);
    counts.passed += passed;
    counts.failed += failed;
    if (ended.exitCode !== 0 || passed === 0) {
      console.log(ended.stdout + ended.stderr);
      if (failed === 0) counts.failed++;
    }
    console.log(`plugin against Janus ${flavour}: ${passed} passed, ${failed} failed`);
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

/** @returns the id of the first stage of the gateway's image: compilers, headers of that Janus, our FFmpeg. */
export async function buildTestImage(flavour: JanusFlavour): Promise<string> {
  const base = await findBaseImage('auto');
  const { gateway } = await stagedContexts(flavour, await findArchive());
  const args = [`BASE_IMAGE=${base.name}`, `FLAVOUR=${flavour}`].flatMap((arg) => ['--build-arg', arg]);
  const name = `janus-deploy/plugin-tests:${flavour}`;
  // By its id, because another run may give the name to an image of its own.
  const built = await $({
    quiet: true,
  })`docker build --quiet --target build ${args} --tag ${name} ${gateway.path}`;
  return built.stdout.trim();
}
