/** The Pulumi program: load -> plan -> resources -> outputs. */
import * as pulumi from '@pulumi/pulumi';
import { gatewaySources, stagedContexts } from '../scripts/lib/build-contexts.ts';
import { presentImages } from '../scripts/lib/engine.ts';
import { gather } from '../scripts/lib/gather.ts';
import { readMarks } from '../scripts/lib/marks.ts';
import { describePlan } from '../scripts/lib/plan-document.ts';
import { noteUse } from '../scripts/lib/prune.ts';
import { namespace, readStackFile, stackFile } from '../scripts/lib/settings.ts';
import type { Setting } from './config/config.ts';
import { planImages } from './plan/image.ts';
import { makePlan } from './plan/plan.ts';
import { defineDeployment } from './resources/deployment.ts';
import { recordResources } from './resources/record.ts';

const stack = pulumi.getStack();

// load
const { config, engine, build, certificate, media, janusArchive } = await gather(stack, stackSettings());

// plan
const plan = makePlan(stack, config, engine, build);
const [contexts, present, marks, described] = await Promise.all([
  stagedContexts(plan.flavour, janusArchive, plan.monitoring !== undefined),
  presentImages(),
  readMarks(plan),
  describePlan(stack, config, engine, build),
]);
const images = planImages(plan, contexts, present);
await noteUse(Object.values(images));
const sources = gatewaySources(described.sources.gateway, images.gateway.buildArgs);

// resources
const record = recordResources();
const { tokenSecret: secret } = defineDeployment({
  plan,
  images,
  marks,
  certificate,
  media,
  deployed: { engine, build, described },
});

// outputs
export const player = `https://${plan.advertised}:${plan.ports.player}/player/`;
export const demos = plan.production ? undefined : `https://${plan.advertised}:${plan.ports.demos}/`;
export const api = {
  http: `http://${plan.advertised}:${plan.ports.apiHttp}/janus`,
  https: `https://${plan.advertised}:${plan.ports.apiHttps}/janus`,
};
export const mediaPorts = `${plan.advertised} (${plan.advertisedWhy}), UDP ${plan.ports.rtp.first}-${plan.ports.rtp.last}`;
/** Engine that it is on, where that is reached by ssh. */
export const dockerHost = plan.dockerHost;
export const networkMode = `${plan.network.mode}: ${plan.network.why}`;
export const janus = plan.flavour;
/** For Prometheus, on the engine's machine; on a bridge network, inside it. */
export const metrics = `http://${plan.metrics.host}:${plan.metrics.port}/metrics`;
/** On the engine's machine alone. */
export const monitoring = plan.monitoring && {
  prometheus: `http://127.0.0.1:${plan.monitoring.prometheus.port}/`,
  grafana:
    'port' in plan.monitoring.grafana
      ? `http://127.0.0.1:${plan.monitoring.grafana.port}/`
      : `not deployed: ${plan.monitoring.grafana.why}`,
};
/** What of the checkout the gateway was built from, for `npm run plugin` and `npm run status`. */
export const gatewayBuild = sources;
export const toolchain = build.toolchain.name;
export const access = plan.access;
/** For `npm run token`. */
export const tokenSecret = plan.access === 'token' ? secret : undefined;
export const substitutions = plan.substitutions;
/** For `npm run up`, which puts it back when a later update fails half-way. */
export const lastGood = pulumi.secret(record());

/** What Pulumi hands to the program, with the lines of the stack's file where it is from there. */
function stackSettings(): Record<string, Setting> {
  const written = readStackFile(stackFile(stack));
  return Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([key]) => key.startsWith(namespace))
      .map(([key, value]) => {
        const name = key.slice(namespace.length);
        const where = written[name]?.value === value ? written[name].where : `config of stack ${stack}`;
        return [name, { value, where }];
      }),
  );
}
