/** The web server: player, demos, the Janus API's doors, TLS for all. */
import { local } from '@pulumi/command';
import type * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import type { Plan } from '../plan/plan.ts';
import { renderTurnUrls } from '../render/turn.ts';
import { type MediaFile, renderNginx, renderPlayerConfig } from '../render/web.ts';
import { Files } from './files.ts';
import { buildImage } from './image.ts';
import { runService } from './service.ts';

export interface WebArgs {
  plan: Plan;
  context: { path: string; hash: string };
  certificate: { chain: string; key: string };
  turnSecret: pulumi.Input<string>;
  tokenSecret: pulumi.Input<string>;
  media: MediaFile[];
  network?: docker.Network;
  dependsOn: pulumi.Resource[];
}

export class Web extends pulumi.ComponentResource {
  readonly container: docker.Container;

  constructor(args: WebArgs, opts?: pulumi.ComponentResourceOptions) {
    super('janus-deploy:resources:Web', 'web', {}, opts);
    const { plan, context, network } = args;
    const parent = { parent: this };
    const files = new Files(
      'web-files',
      { volume: `${plan.name}-web-files`, image: plan.baseImage, files: webFiles(args) },
      parent,
    );
    const image = buildImage(
      'web-image',
      {
        repository: 'janus-deploy/web',
        context,
        buildArgs: { BASE_IMAGE: plan.baseImage, FLAVOUR: plan.flavour },
      },
      parent,
    );
    this.container = runService(
      {
        plan,
        service: 'web',
        image,
        files,
        network,
        memory: 256,
        healthcheck: ['/usr/local/bin/healthcheck'],
        dependsOn: args.dependsOn,
      },
      parent,
    );
    // Every file of the web server can change while it runs.
    new local.Command(
      'web-reload',
      {
        create: ':',
        update: pulumi.interpolate`docker exec ${this.container.name} nginx -c /config/current/nginx.conf -s reload`,
        environment: { FILES: files.hash },
      },
      { parent: this, dependsOn: [this.container, files.ready] },
    );
    this.registerOutputs();
  }
}

const webFiles = ({
  plan,
  certificate,
  turnSecret,
  tokenSecret,
  media,
}: WebArgs): Record<string, pulumi.Input<string>> => ({
  'nginx.conf': renderNginx(plan),
  'player-config.js': renderPlayerConfig(plan, media),
  'turn-urls.json': renderTurnUrls(plan),
  'turn-secret': turnSecret,
  ...(plan.access === 'token' && { 'token-secret': tokenSecret }),
  'tls/fullchain.pem': certificate.chain,
  'tls/key.pem': certificate.key,
});
