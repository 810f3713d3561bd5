/** The web server: player, demos, the Janus API's doors, TLS for all. */
import * as pulumi from '@pulumi/pulumi';
import { renderTurnUrls } from '../render/turn.ts';
import { type MediaFile, renderNginx, renderPlayerConfig } from '../render/web.ts';
import { Service, type ServiceInputs } from './service.ts';

export interface WebArgs extends ServiceInputs {
  certificate: { chain: string; key: string };
  turnSecret: pulumi.Input<string>;
  tokenSecret: pulumi.Input<string>;
  media: MediaFile[];
}

export class Web extends pulumi.ComponentResource {
  readonly service: Service;

  constructor(args: WebArgs, opts?: pulumi.ComponentResourceOptions) {
    super('janus-deploy:resources:Web', 'web', {}, opts);
    const buildArgs = { FLAVOUR: args.plan.flavour };
    this.service = new Service('web', { ...args, buildArgs, files: webFiles(args) }, { parent: this });
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
