/** `npm run down`: removes what `npm run up` made; with `--all` images, state and caches too. */
import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { deploymentName } from '../infra/plan/plan.ts';
import { $ } from './lib/command.ts';
import { engineAnswers, engineProblem, installedPackages, stopOwnEngine } from './lib/engine.ts';
import { cacheFolder, stateFolder } from './lib/paths.ts';
import { ensureToolchain } from './lib/pulumi.ts';
import { namedEngine, stackFile } from './lib/settings.ts';
import { reachEngine } from './lib/ssh.ts';
import {
  deployedOn,
  destroy,
  knownStacks,
  openStack,
  passphraseFile,
  type Stack,
  sharedBackend,
  sharedStacks,
} from './lib/stack.ts';
import { Failure, main, step } from './lib/steps.ts';

await main(async () => {
  const { values } = parseArgs({
    options: { stack: { type: 'string', default: 'dev' }, all: { type: 'boolean', default: false } },
  });
  // A shared stack is taken down by its name alone: others may live from it.
  const shared = (name: string) => sharedBackend(stackFile(name)) !== undefined;
  const own = knownStacks().filter((name) => !shared(name));
  const doomed = values.all ? own : [values.stack].filter((name) => shared(name) || own.includes(name));
  const engines = new Set(['']);
  if (doomed.length === 0) console.log(`Stack ${values.stack} is not deployed.`);
  if (doomed.length > 0) {
    const open = async (name: string) =>
      openStack(name, await ensureToolchain((part) => console.log(`  building ${part} …`)));
    for (const name of doomed) {
      const dockerHost = await engineOf(await open(name));
      engines.add(dockerHost);
      await reachEngine(dockerHost);
      const silent = await engineProblem();
      if (silent !== undefined) {
        throw new Failure(`The containers of stack ${name} cannot be removed now. ${silent}`);
      }
      await step(`stack ${name}`, async () => {
        const stack = await open(name);
        return { result: await destroy(stack, (line) => console.log(`  ${line}`)), value: undefined };
      });
      if (dockerHost !== '') {
        console.log(
          `Kept at ${dockerHost}: the media; where they are in a volume, \`docker --host ${dockerHost} volume rm ${deploymentName(name)}-media\` removes them.`,
        );
      }
    }
  }
  if (!values.all) {
    console.log('Kept: images, caches and the state folder; remove them with `npm run down -- --all`.');
    return;
  }
  for (const dockerHost of engines) {
    await reachEngine(dockerHost);
    await step('images', async () => ({ result: await removeImages(), value: undefined }));
  }
  await reachEngine('');
  await step('engine', async () => ({
    result: (await stopOwnEngine())
      ? 'the one that was started here is stopped'
      : 'not started here, left as it is',
    value: undefined,
  }));
  const packages = installedPackages();
  const elsewhere = sharedStacks();
  await step('state, caches', async () => {
    await rm(cacheFolder, { recursive: true, force: true });
    if (elsewhere.length === 0) await rm(stateFolder, { recursive: true, force: true });
    return {
      result: elsewhere.length === 0 ? `${cacheFolder} and ${stateFolder} removed` : `${cacheFolder} removed`,
      value: undefined,
    };
  });
  if (elsewhere.length > 0) {
    console.log(
      `Kept: ${stateFolder}, as ${passphraseFile} opens the secrets of ${elsewhere.join(', ')} in shared states; take these down by their names first.`,
    );
  }
  if (packages.length > 0) {
    console.log(
      `Left installed: ${packages.join(' ')}; remove with \`apt-get purge --autoremove ${packages.join(' ')}\`.`,
    );
  }
});

/** The engine that a stack is on; for one whose first run was interrupted, the one that it was to be on. */
async function engineOf(stack: Stack): Promise<string> {
  const deployed = await deployedOn(stack);
  if (deployed !== undefined) return deployed;
  return namedEngine(stack.name);
}

/** Our own images; the engine's build cache is shared with other projects. */
async function removeImages(): Promise<string> {
  if (!(await engineAnswers())) return 'no engine answers, so there is nothing to remove';
  const listed = await $({ quiet: true })`docker images --filter reference=janus-deploy/* --quiet`;
  const ids = [...new Set(listed.stdout.split('\n').filter((id) => id !== ''))];
  if (ids.length > 0) await $({ quiet: true, nothrow: true })`docker rmi --force ${ids}`;
  return `${ids.length} removed; \`docker builder prune\` frees the build cache of all projects`;
}
