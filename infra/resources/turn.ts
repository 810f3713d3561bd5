/** The TURN server, and the secret that it shares with the web server. */
import type * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import type { Plan } from '../plan/plan.ts';
import { renderTurn } from '../render/turn.ts';
import { Files } from './files.ts';
import { buildImage } from './image.ts';
import { randomSecret } from './secret.ts';
import { runService } from './service.ts';

export interface TurnArgs {
  plan: Plan;
  context: { path: string; hash: string };
  network?: docker.Network;
}

export class Turn extends pulumi.ComponentResource {
  readonly container: docker.Container;
  /** What viewers' credentials are signed with. */
  readonly secret: pulumi.Output<string>;

  constructor({ plan, context, network }: TurnArgs, opts?: pulumi.ComponentResourceOptions) {
    super('janus-deploy:resources:Turn', 'turn', {}, opts);
    const parent = { parent: this };
    this.secret = randomSecret('turn-secret', parent);
    const files = new Files(
      'turn-files',
      {
        volume: `${plan.name}-turn-files`,
        image: plan.baseImage,
        files: this.secret.apply((secret) => ({ 'turnserver.conf': renderTurn(plan, secret) })),
      },
      parent,
    );
    const image = buildImage(
      'turn-image',
      { repository: 'janus-deploy/turn', context, buildArgs: { BASE_IMAGE: plan.baseImage } },
      parent,
    );
    this.container = runService(
      {
        plan,
        service: 'turn',
        image,
        files,
        restartOn: files.hash,
        network,
        memory: 256,
        healthcheck: ['/usr/local/bin/healthcheck'],
      },
      parent,
    );
    this.registerOutputs();
  }
}
