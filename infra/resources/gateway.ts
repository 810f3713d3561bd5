/** The Janus gateway with the play plugin. */
import * as pulumi from '@pulumi/pulumi';
import { renderGateway } from '../render/janus.ts';
import { randomSecret } from './secret.ts';
import { Service, type ServiceInputs } from './service.ts';

export interface GatewayArgs extends ServiceInputs {
  /** What viewers' tokens are signed with. */
  tokenSecret: pulumi.Input<string>;
}

export class Gateway extends pulumi.ComponentResource {
  readonly service: Service;

  constructor({ tokenSecret, ...inputs }: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super('janus-deploy:resources:Gateway', 'gateway', {}, opts);
    const { plan } = inputs;
    const parent = { parent: this };
    const files = pulumi
      .all([randomSecret('admin-secret', parent), randomSecret('streaming-key', parent), tokenSecret])
      .apply(([admin, streaming, token]) => renderGateway(plan, { admin, streaming, token }));
    const asked = plan.access === 'token' ? { tokenSecret } : {};
    this.service = new Service('gateway', { ...inputs, ...asked, files }, parent);
    this.registerOutputs();
  }
}
