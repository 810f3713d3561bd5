/** A running gateway gets its plugins anew, and keeps those that it has when the new ones are no good. */

import type { Config } from '../../../infra/config/config.ts';
import { mediaMount } from '../../../infra/plan/container.ts';
import { gatewayArgs, type ImagePlan, planImage } from '../../../infra/plan/image.ts';
import type { JanusFlavour } from '../../../infra/plan/plan.ts';
import type { LastGood } from '../../../infra/restore.ts';
import { findBaseImage } from '../base-image.ts';
import {
  type GatewayBuild,
  type GatewaySources,
  gatewayFiles,
  gatewaySources,
  stageGateway,
} from '../build-contexts.ts';
import { $ } from '../command.ts';
import { deployDraining, tellWatching } from '../drain.ts';
import { presentImages } from '../engine.ts';
import { buildImage } from '../image-build.ts';
import { logEnd } from '../log-end.ts';
import { answeringHost } from '../machine.ts';
import { listMedia } from '../media-store.ts';
import { chooseFile } from '../proof/play.ts';
import type { Scene } from '../proof/scene.ts';
import { playsOverTransport } from '../proof/transport.ts';
import { noteUse, prune } from '../prune.ts';
import { ensureToolchain } from '../pulumi.ts';
import { settledState } from '../recovery.ts';
import { deployImage, readLastGood } from '../rollback.ts';
import { loadConfig, readStackFile, stackFile } from '../settings.ts';
import { findJanusArchive, Unreachable } from '../sources.ts';
import { reachEngine } from '../ssh.ts';
import { isKept, openStack, type Stack } from '../stack.ts';
import { Failure, step } from '../steps.ts';
import { signToken } from '../token.ts';

export interface RebuildOptions {
  /** With the address and undefined-behaviour sanitizers. */
  sanitize?: boolean;
  /** How long those who watch are waited for. */
  minutes?: number;
}

/** What `gcc -fsanitize` takes. */
const sanitizers = 'address,undefined';

/**
 * Builds the plugins, tries the gateway with them, has it replace the running one and waits until a film plays.
 * @throws Failure with what the compiler, Janus or a receiver said; the gateway runs the plugins that it had
 */
export async function rebuild(name: string, { sanitize = false, minutes }: RebuildOptions): Promise<void> {
  const started = Date.now();
  const seconds = () => ((Date.now() - started) / 1000).toFixed(1);
  const progress = (line: string) => console.log(`  ${line}, after ${seconds()} s`);
  const config = loadConfig(readStackFile(stackFile(name)));
  await reachEngine(config.dockerHost);
  const [{ stack, state, lastGood }, { image, sources, files }] = await step('compare', async () => {
    const [deployed, planned] = await Promise.all([openDeployed(name), planGateway(config, sanitize)]);
    if (planned.sources.recipe !== deployed.build.recipe) {
      throw new Failure(
        'Not only plugins differ from what is deployed, but what the gateway itself is built from (images/janus, base image, version of Janus); `npm run up` builds and deploys that.',
      );
    }
    return { result: differences(deployed.build, planned.sources), value: [deployed, planned] as const };
  });
  await step('build', async () => {
    await noteUse([image]);
    if (!image.present) await buildImage(image, showCompiler);
    return { result: Object.keys(sources.plugins).join(', '), value: undefined };
  });
  const built = await inspect('image', image.name, 'Id');
  if (built === (await inspect('container', `janus-deploy-${name}-gateway`, 'Image'))) {
    console.log('The gateway runs just that already; nothing was touched.');
    return;
  }
  if ((await settledState(stack)) !== state) {
    console.log('Another run has deployed meanwhile: once more, from what that has left.');
    return rebuild(name, { sanitize, minutes });
  }
  let proof: Promise<string> | undefined;
  const prove = () => {
    proof ??= proveThatItPlays(name, lastGood, config, image.buildArgs.BASE_IMAGE);
    return proof;
  };
  const follow = (line: string) => {
    progress(line);
    // What Pulumi does then is not for who watches.
    if (line.startsWith('gateway-ready ')) prove().catch(() => undefined);
  };
  await step('replace', async () => {
    await deployDraining(stack, minutes ?? (config.production ? 10 : 0), tellWatching, async (draining) => {
      await deployImage(
        draining,
        lastGood,
        { service: 'gateway', name: image.name, id: built, sources: files },
        { gatewayBuild: { ...sources, ...(sanitize && { sanitized: true }) } satisfies GatewayBuild },
        follow,
        async () => progress(await prove()),
      );
      return '';
    });
    return { result: 'the gateway runs them', value: undefined };
  });
  console.log(`It plays again, ${seconds()} s after the command began.`);
  await prune();
}

/** Which plugins are other ones than those that are deployed. */
function differences({ plugins: before }: GatewaySources, { plugins: now }: GatewaySources): string {
  const names = Object.keys({ ...before, ...now }).filter((plugin) => before[plugin] !== now[plugin]);
  return names.length > 0 ? `${names.join(', ')} changed` : 'nothing changed';
}

/** @throws Failure where there is nothing to rebuild */
async function openDeployed(
  name: string,
): Promise<{ stack: Stack; state?: number; lastGood: LastGood; build: GatewayBuild }> {
  const refused = `Stack ${name} was not deployed from here by this version; \`npm run up\` does that.`;
  if (!isKept(name)) throw new Failure(refused);
  const stack = await openStack(name, await ensureToolchain(() => undefined));
  const state = await settledState(stack);
  const lastGood = await readLastGood(stack);
  if (lastGood?.outputs.gatewayBuild === undefined) throw new Failure(refused);
  return { stack, state, lastGood, build: lastGood.outputs.gatewayBuild as GatewayBuild };
}

/** The image that the checkout's plugins give with the gateway that is configured, and what it is made from. */
export async function planGateway(
  { janus, baseImage, janusArchive }: Config,
  sanitize = false,
): Promise<{ image: ImagePlan; sources: GatewaySources; files: Record<string, string> }> {
  const [base, archive, present] = await Promise.all([
    findBaseImage(baseImage),
    janus === 'distribution' ? undefined : findJanusArchive(janusArchive).catch(unreachable),
    presentImages(),
  ]);
  const flavour: JanusFlavour = archive === undefined ? 'distribution' : '0.9.1';
  if (sanitize && flavour === 'distribution') {
    throw new Failure(
      '--sanitize needs Janus 0.9.1, which is built with sanitizers itself; the distribution’s Janus cannot be, so rebuild without it.',
    );
  }
  const released = gatewayArgs({ baseImage: base.name, refreshed: base.refreshed, flavour });
  const [context, files] = await Promise.all([stageGateway(flavour, archive), gatewayFiles()]);
  const buildArgs = { ...released, ...(sanitize && { SANITIZE: sanitizers }) };
  const image = planImage('gateway', { context, buildArgs }, present);
  return { image, sources: gatewaySources(files, released), files };
}

function unreachable(error: Error): undefined {
  if (!(error instanceof Unreachable)) throw error;
}

/** Of all that a build prints, what the compiler says. */
function showCompiler(line: string): void {
  if (/: (warning|error|note): /.test(line)) console.log(`  ${line}`);
}

async function inspect(kind: 'image' | 'container', name: string, field: string): Promise<string> {
  const read = await $({ quiet: true, nothrow: true })`docker ${kind} inspect --format {{.${field}}} ${name}`;
  return read.stdout.trim();
}

/**
 * @returns what was played
 * @throws Failure when no film of the media folder goes on in a receiver
 */
async function proveThatItPlays(
  name: string,
  { outputs }: LastGood,
  config: Config,
  base: string,
): Promise<string> {
  const address = new URL(outputs.player as string);
  address.hostname = await answeringHost(config);
  const secret = outputs.tokenSecret as string | undefined;
  const expires = Math.floor(Date.now() / 1000) + 600;
  const token = secret && signToken({ media: ['/'], expires }, secret);
  const scene: Scene = { origin: address.origin, certificate: '', token };
  try {
    const file = await chooseFile(scene, await listMedia(mediaMount(`janus-deploy-${name}`, config), base));
    if (typeof file !== 'string') return `${file.nothing}, so nothing was played`;
    await playsOverTransport(scene, file);
    return `${file} plays`;
  } catch (error) {
    throw new Failure(
      `Nothing plays with it: ${(error as Error).message}. The end of the gateway’s log:\n${await logEnd(`janus-deploy-${name}-gateway`)}`,
    );
  }
}
