/** The web server: player, demos, the Janus API's doors, TLS for all. */
import * as pulumi from '@pulumi/pulumi';
import { type MediaFile, renderWeb } from '../render/web.ts';
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
    this.service = new Service('web', { ...args, files: webFiles(args) }, { parent: this });
    this.registerOutputs();
  }
}

/** The texts, as soon as the secrets among them are known. */
const webFiles = ({
  plan,
  certificate,
  turnSecret,
  tokenSecret,
  media,
}: WebArgs): pulumi.Output<Record<string, string>> =>
  pulumi
    .all([turnSecret, tokenSecret])
    .apply(([turn, token]) => renderWeb(plan, { ...certificate, turn, token }, media));
