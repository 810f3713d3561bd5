/** What each image is built from. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceName } from '../../infra/plan/container.ts';
import type { JanusFlavour } from '../../infra/plan/plan.ts';
import { type BuildContext, type ContextPart, hashParts, stageContext } from './contexts.ts';
import { stageDemoVendor } from './demos.ts';
import { projectFolder } from './paths.ts';
import { janusRelease } from './sources.ts';

const project = (path: string): string => join(projectFolder, path);

/** Tests, fuzzers and pages of a plugin: a change of these alone builds no new gateway. */
const besideThePlugin = /^\/[^/]+\/((tests|fuzz)(\/|$)|[^/]+\.md$)/;

/** What each service writes its metrics with. */
const metrics: ContextPart = { from: project('images/metrics'), to: 'metrics' };

/** What of the checkout each image is built from. */
export const checkoutParts: Record<ServiceName, ContextPart[]> = {
  gateway: [
    { from: project('images/janus'), to: '.' },
    metrics,
    { from: project('janus-plugins'), to: 'janus-plugins', without: besideThePlugin },
  ],
  turn: [{ from: project('images/turn'), to: '.' }, metrics],
  web: [
    { from: project('images/web'), to: '.' },
    metrics,
    { from: project('player-dist'), to: 'player-dist' },
  ],
};

const janusSource = (flavour: JanusFlavour, archive: string | undefined): ContextPart[] =>
  flavour === '0.9.1' && archive !== undefined ? [{ from: archive, to: janusRelease.file }] : [];

export const prometheusParts: ContextPart[] = [{ from: project('images/prometheus'), to: '.' }];

/** Puts the gateway's build context together. */
export const stageGateway = (flavour: JanusFlavour, archive: string | undefined): Promise<BuildContext> =>
  stageContext('gateway', [...checkoutParts.gateway, ...janusSource(flavour, archive)]);

/** Hashes of what the gateway is built from. */
export interface GatewaySources {
  /** Of the sources of each plugin, by its folder. */
  plugins: Record<string, string>;
  /** Of all the rest: recipe, patches, base image, version of Janus. */
  recipe: string;
}

/** What a gateway was built from, and with. */
export interface GatewayBuild extends GatewaySources {
  /** With sanitizers, for a while (`npm run plugin -- rebuild --sanitize`). */
  sanitized?: boolean;
}

/** Hashes of the checkout's files that the gateway's image is made from, by path. */
export const gatewayFiles = (): Promise<Record<string, string>> =>
  hashParts(checkoutParts.gateway, projectFolder);

/** What the gateway's image is made from, part by part. */
export function gatewaySources(
  hashes: Record<string, string>,
  buildArgs: Record<string, string>,
): GatewaySources {
  const files = Object.entries(hashes);
  const hash = (value: object) =>
    createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
  const pluginOf = (path: string) => /^janus-plugins\/([^/]+)\//.exec(path)?.[1];
  const names = [...new Set(files.flatMap(([path]) => pluginOf(path) ?? []))];
  return {
    plugins: Object.fromEntries(
      names.map((name) => [name, hash(files.filter(([path]) => pluginOf(path) === name))]),
    ),
    recipe: hash([buildArgs, ...files.filter(([path]) => pluginOf(path) === undefined)]),
  };
}

/** Puts the build contexts of all services together; `archive` is the Janus source for the flavour that needs it. */
export async function stagedContexts(
  flavour: JanusFlavour,
  archive: string | undefined,
  monitored = false,
): Promise<Record<ServiceName, BuildContext> & { prometheus?: BuildContext }> {
  const vendor = await mkdtemp(join(tmpdir(), 'janus-deploy-vendor-'));
  try {
    await stageDemoVendor(vendor, project('node_modules'));
    return {
      gateway: await stageGateway(flavour, archive),
      turn: await stageContext('turn', checkoutParts.turn),
      ...(monitored && {
        prometheus: await stageContext('prometheus', prometheusParts),
      }),
      web: await stageContext('web', [
        ...checkoutParts.web,
        { from: vendor, to: 'vendor' },
        ...janusSource(flavour, archive),
      ]),
    };
  } finally {
    await rm(vendor, { recursive: true, force: true });
  }
}
