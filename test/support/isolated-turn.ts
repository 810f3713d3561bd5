/** A TURN server as it is deployed, on a network without a way out; its neighbour stands for the gateway. */
import { $ } from 'zx';
import { makePlan, type Plan } from '../../infra/plan/plan.ts';
import { renderRelayGuard, renderTurn } from '../../infra/render/turn.ts';
import { configOf, linux, official } from './facts.ts';
import { IsolatedContainer } from './isolated-container.ts';

export class IsolatedTurn extends IsolatedContainer {
  readonly secret = 'secret-of-the-isolated-server';
  readonly plan: Plan;

  /** @param name prefix of what it makes on the engine */
  constructor(name: string) {
    super(name, 77);
    const { addresses, neighbour } = this;
    this.plan = {
      ...makePlan('isolated', configOf({ maxViewers: '2' }), linux, official),
      advertised: addresses.ipv4,
      localAddresses: [addresses.ipv4, addresses.ipv6],
      mediaAddresses: [neighbour.ipv4, neighbour.ipv6],
    };
  }

  get server() {
    return { host: this.addresses.ipv4, port: this.plan.ports.turn };
  }

  /** Starts `image` with the configuration that is rendered for the plan. */
  async start(image: string): Promise<this> {
    const files = {
      'turnserver.conf': renderTurn(this.plan, this.secret),
      'relay-guard': renderRelayGuard(this.plan),
    };
    await this.run({ image, files });
    return this;
  }

  protected async answers(): Promise<boolean> {
    const { exitCode } = await $({
      quiet: true,
      nothrow: true,
    })`docker exec ${this.name} /usr/local/bin/healthcheck`;
    return exitCode === 0;
  }
}
