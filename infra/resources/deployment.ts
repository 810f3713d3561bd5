/** The three services and what they share, as Pulumi resources. */
import * as docker from '@pulumi/docker';
import type * as pulumi from '@pulumi/pulumi';
import type { Deployed } from '../plan/changes.ts';
import type { ServiceName } from '../plan/container.ts';
import type { ImagePlans } from '../plan/image.ts';
import type { Marks } from '../plan/marks.ts';
import type { Plan } from '../plan/plan.ts';
import type { MediaFile } from '../render/web.ts';
import { keepDescription } from './description.ts';
import { engineProvider } from './engine.ts';
import { Gateway } from './gateway.ts';
import { Monitoring } from './monitoring.ts';
import { randomSecret } from './secret.ts';
import type { ServiceInputs } from './service.ts';
import { Turn } from './turn.ts';
import { Web } from './web.ts';

export interface DeploymentArgs {
  plan: Plan;
  images: ImagePlans;
  /** Other ones for what was changed by hand. */
  marks: Record<ServiceName, Marks>;
  certificate: { chain: string; key: string };
  media: MediaFile[];
  /** What people are told of it. */
  deployed: Deployed;
}

/** Each service starts when the one it needs is healthy. */
export function defineDeployment(args: DeploymentArgs): {
  gateway: Gateway;
  /** What viewers' tokens are signed with. */
  tokenSecret: pulumi.Output<string>;
} {
  const { plan, images, marks, certificate, media, deployed } = args;
  const onEngine = { provider: engineProvider(plan) };
  const tokenSecret = randomSecret('token-secret', {});
  const network =
    plan.network.mode === 'bridge'
      ? new docker.Network(
          'network',
          { name: plan.name, ipamConfigs: [{ subnet: plan.network.subnet }] },
          onEngine,
        )
      : undefined;
  const inputs = (service: ServiceName): ServiceInputs => ({
    plan,
    image: images[service],
    marks: marks[service],
    network,
  });
  const turn = new Turn(inputs('turn'), onEngine);
  const gateway = new Gateway({ ...inputs('gateway'), tokenSecret }, onEngine);
  const web = new Web(
    { ...inputs('web'), certificate, turnSecret: turn.secret, tokenSecret, media },
    onEngine,
  );

  // Names and ports are fixed, so what serves ends before its successor begins: not before all have been tried.
  const trials = [turn, gateway, web].map(({ service }) => service.trial);
  const relay = turn.service.start(trials);
  const janus = gateway.service.start([...trials, relay]);
  const all = web.service.start([...trials, janus]);
  keepDescription(deployed, { dependsOn: [all] });

  const { monitoring } = plan;
  if (monitoring && images.prometheus)
    new Monitoring({ plan, monitoring, image: images.prometheus, network }, onEngine);
  return { gateway, tokenSecret };
}
