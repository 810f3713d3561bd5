/** What each image is built from. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceName } from '../../infra/plan/container.ts';
import type { JanusFlavour } from '../../infra/plan/plan.ts';
import { type BuildContext, type ContextPart, stageContext } from './contexts.ts';
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

/** Puts the build contexts of all services together; `archive` is the Janus source for the flavour that needs it. */
export async function stagedContexts(
  flavour: JanusFlavour,
  archive: string | undefined,
  monitored = false,
): Promise<Record<ServiceName, BuildContext> & { prometheus?: BuildContext }> {
  const source: ContextPart[] =
    flavour === '0.9.1' && archive !== undefined ? [{ from: archive, to: janusRelease.file }] : [];
  const vendor = await mkdtemp(join(tmpdir(), 'janus-deploy-vendor-'));
  try {
    await stageDemoVendor(vendor, project('node_modules'));
    return {
      gateway: await stageContext('gateway', [...checkoutParts.gateway, ...source]),
      turn: await stageContext('turn', checkoutParts.turn),
      ...(monitored && {
        prometheus: await stageContext('prometheus', [{ from: project('images/prometheus'), to: '.' }]),
      }),
      web: await stageContext('web', [...checkoutParts.web, { from: vendor, to: 'vendor' }, ...source]),
    };
  } finally {
    await rm(vendor, { recursive: true, force: true });
  }
}
