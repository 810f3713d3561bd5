/** The TURN server, and the secret that it shares with the web server. */
import * as pulumi from '@pulumi/pulumi';
import { renderTurnFiles } from '../render/turn.ts';
import { randomSecret } from './secret.ts';
import { Service, type ServiceInputs } from './service.ts';

export class Turn extends pulumi.ComponentResource {
  readonly service: Service;
  /** What viewers' credentials are signed with. */
  readonly secret: pulumi.Output<string>;

  constructor(inputs: ServiceInputs, opts?: pulumi.ComponentResourceOptions) {
    super('janus-deploy:resources:Turn', 'turn', {}, opts);
    const parent = { parent: this };
    this.secret = randomSecret('turn-secret', parent);
    const files = this.secret.apply((secret) => renderTurnFiles(inputs.plan, secret));
    this.service = new Service('turn', { ...inputs, files }, parent);
    this.registerOutputs();
  }
}
