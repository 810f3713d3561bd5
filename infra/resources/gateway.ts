/** The Janus gateway with the play plugin. */
import type * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import type { Plan } from '../plan/plan.ts';
import { renderGateway } from '../render/janus.ts';
import { Files, serviceUser } from './files.ts';
import { buildImage } from './image.ts';
import { randomSecret } from './secret.ts';
import { runService } from './service.ts';

export interface GatewayArgs {
  plan: Plan;
  context: { path: string; hash: string };
  /** What viewers' tokens are signed with. */
  tokenSecret: pulumi.Input<string>;
  /** Folder on the engine's machine. */
  mediaFolder: string;
  network?: docker.Network;
  dependsOn: pulumi.Resource[];
}

export class Gateway extends pulumi.ComponentResource {
  readonly container: docker.Container;
  readonly image: docker.RemoteImage;

  constructor(
    { plan, context, tokenSecret, mediaFolder, network, dependsOn }: GatewayArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super('janus-deploy:resources:Gateway', 'gateway', {}, opts);
    const parent = { parent: this };
    const files = new Files(
      'gateway-files',
      {
        volume: `${plan.name}-gateway-files`,
        image: plan.baseImage,
        files: pulumi
          .all([randomSecret('admin-secret', parent), randomSecret('streaming-key', parent), tokenSecret])
          .apply(([admin, streaming, token]) => renderGateway(plan, { admin, streaming, token })),
      },
      parent,
    );
    this.image = buildImage(
      'gateway-image',
      {
        repository: 'janus-deploy/gateway',
        context,
        buildArgs: { BASE_IMAGE: plan.baseImage, FLAVOUR: plan.flavour },
      },
      parent,
    );
    this.container = runService(
      {
        plan,
        service: 'gateway',
        image: this.image,
        files,
        restartOn: files.hash,
        network,
        memory: 512 + 4 * plan.maxViewers,
        tmpfs: {
          '/tmp': `size=64m,uid=${serviceUser},gid=${serviceUser},mode=0700`,
          '/run/janus': `size=1m,uid=${serviceUser},gid=${serviceUser},mode=0700`,
        },
        mounts: [{ source: mediaFolder, target: '/media' }],
        healthcheck: ['/usr/local/bin/healthcheck'],
        dependsOn,
      },
      parent,
    );
    this.registerOutputs();
  }
}
