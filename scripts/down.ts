/** `npm run down`: removes what `npm run up` made; with `--all` images, state and caches too. */
import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { $ } from './lib/command.ts';
import { engineAnswers, installedPackages, stopOwnEngine } from './lib/engine.ts';
import { cacheFolder, stateFolder } from './lib/paths.ts';
import { ensureToolchain } from './lib/pulumi.ts';
import { destroy, knownStacks, openStack } from './lib/stack.ts';
import { Failure, main, step } from './lib/steps.ts';

await main(async () => {
  const { values } = parseArgs({
    options: { stack: { type: 'string', default: 'dev' }, all: { type: 'boolean', default: false } },
  });
  const stacks = knownStacks();
  const doomed = values.all ? stacks : stacks.filter((name) => name === values.stack);
  if (doomed.length === 0) console.log(`Stack ${values.stack} is not deployed.`);
  if (doomed.length > 0) {
    if (!(await engineAnswers())) {
      throw new Failure(
        'No container engine answers, so the containers cannot be removed; start it and run the command again.',
      );
    }
    const toolchain = await ensureToolchain((part) => console.log(`  building ${part} …`));
    for (const name of doomed) {
      await step(`stack ${name}`, async () => {
        const stack = await openStack(name, toolchain);
        return { result: await destroy(stack, (line) => console.log(`  ${line}`)), value: undefined };
      });
    }
  }
  if (!values.all) {
    console.log('Kept: images, caches and the state folder; remove them with `npm run down -- --all`.');
    return;
  }
  await step('images', async () => ({ result: await removeImages(), value: undefined }));
  await step('engine', async () => ({
    result: (await stopOwnEngine())
      ? 'the one that was started here is stopped'
      : 'not started here, left as it is',
    value: undefined,
  }));
  const packages = installedPackages();
  await step('state, caches', async () => {
    await rm(cacheFolder, { recursive: true, force: true });
    await rm(stateFolder, { recursive: true, force: true });
    return { result: `${cacheFolder} and ${stateFolder} removed`, value: undefined };
  });
  if (packages.length > 0) {
    console.log(
      `Left installed: ${packages.join(' ')}; remove with \`apt-get purge --autoremove ${packages.join(' ')}\`.`,
    );
  }
});

/** Our own images; the engine's build cache is shared with other projects. */
async function removeImages(): Promise<string> {
  if (!(await engineAnswers())) return 'no engine answers, so there is nothing to remove';
  const listed = await $({ quiet: true })`docker images --filter reference=janus-deploy/* --quiet`;
  const ids = [...new Set(listed.stdout.split('\n').filter((id) => id !== ''))];
  if (ids.length > 0) await $({ quiet: true, nothrow: true })`docker rmi --force ${ids}`;
  return `${ids.length} removed; \`docker builder prune\` frees the build cache of all projects`;
}
