/** The play plugin's golden transcripts: exchanges with clients, and the files that they speak of. */
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx';
import type { JanusFlavour } from '../../infra/plan/plan.ts';
import { buildGatewayImage } from '../../scripts/lib/gateway-image.ts';
import { projectFolder } from '../../scripts/lib/paths.ts';
import { mediaFolder } from './deployment.ts';

const plugin = join(projectFolder, 'janus-plugins/play');

/** One thing that happens: a request with what it is answered by, an event of the core's, or time that passes. */
export interface Step {
  send?: Record<string, unknown>;
  /** The answer to the last offer goes with the request. */
  jsep?: 'answer';
  success?: object;
  ack?: true;
  error?: { code: number; reason: string };
  core?: 'webrtcup' | 'hangup';
  wait?: string;
  /** What the plugin then pushes, in this order. */
  events?: { data: { tms_play_event: string }; jsep?: 'offer' }[];
}

export interface Transcript {
  name: string;
  about: string;
  exchange: Step[];
}

export const transcripts: Transcript[] = readdirSync(join(plugin, 'tests/golden')).map((name) => ({
  name,
  ...JSON.parse(readFileSync(join(plugin, 'tests/golden', name), 'utf8')),
}));

/** Makes a media folder with the transcripts' files; the samples are there too, so that no deployment makes them. */
export async function goldenMedia(flavour: JanusFlavour): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'janus-deploy-golden-'));
  cpSync(mediaFolder, folder, { recursive: true });
  const image = await buildGatewayImage(flavour, { target: 'build' });
  const build = 'cc -D_GNU_SOURCE -o /tmp/golden_media /src/golden_media.c /src/support/media.c -lm';
  await $({
    quiet: true,
  })`docker run --rm --network none --volume ${plugin}/tests:/src:ro --volume ${folder}:/media ${image} sh -c ${`${build} && /tmp/golden_media /media`}`;
  // The gateway reads it as another user.
  chmodSync(folder, 0o755);
  return folder;
}
