/**
 * A TURN server as it is deployed, on a network without a way out: what it wrongly relays arrives nowhere. This machine
 * is its only neighbour, and stands for the gateway.
 */
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout } from 'node:timers/promises';
import { $ } from 'zx';
import { makePlan, type Plan } from '../../infra/plan/plan.ts';
import { renderRelayGuard, renderTurn } from '../../infra/render/turn.ts';
import { configOf, linux, official } from './facts.ts';

const subnets = { ipv4: '198.18.77.0/28', ipv6: 'fd77:7475:726e::/64' };
const server = { ipv4: '198.18.77.2', ipv6: 'fd77:7475:726e::2' };
/** Addresses of this machine on the network. */
const neighbour = { ipv4: '198.18.77.1', ipv6: 'fd77:7475:726e::1' };

export class IsolatedTurn implements AsyncDisposable {
  readonly secret = 'secret-of-the-isolated-server';
  readonly gateway = neighbour;
  readonly plan: Plan;
  readonly #name: string;

  /** @param name prefix of what it makes on the engine */
  constructor(name: string) {
    this.#name = `${name}-isolated`;
    this.plan = {
      ...makePlan('isolated', configOf({ maxViewers: '2' }), linux, official),
      advertised: server.ipv4,
      localAddresses: [server.ipv4, server.ipv6],
      mediaAddresses: [neighbour.ipv4, neighbour.ipv6],
    };
  }

  get address() {
    return { host: server.ipv4, port: this.plan.ports.turn };
  }

  /** Starts `image` with the configuration that is rendered for the plan. */
  async start(image: string): Promise<this> {
    await this[Symbol.asyncDispose]();
    const name = this.#name;
    await $({
      quiet: true,
    })`docker network create --internal --ipv6 --subnet ${subnets.ipv4} --gateway ${neighbour.ipv4} --subnet ${subnets.ipv6} --gateway ${neighbour.ipv6} ${name}`;
    const files = `${name}:/config`;
    for (const [file, text] of [
      ['turnserver.conf', renderTurn(this.plan, this.secret)],
      ['relay-guard', renderRelayGuard(this.plan)],
    ]) {
      const write = `mkdir -p /config/current && cat > /config/current/${file}`;
      await $({
        quiet: true,
        input: text,
      })`docker run --rm -i --network none --user 0 --entrypoint sh -v ${files} ${image} -c ${write}`;
    }
    const place = ['--network', name, '--ip', server.ipv4, '--ip6', server.ipv6];
    await $({
      quiet: true,
    })`docker run --detach --name ${name} ${place} -v ${files}:ro --read-only --tmpfs /tmp ${image}`;
    const healthy = () =>
      $({ quiet: true, nothrow: true })`docker exec ${name} /usr/local/bin/healthcheck`.then(
        ({ exitCode }) => exitCode === 0,
      );
    for (let attempt = 0; !(await healthy()); attempt++) {
      if (attempt === 20) throw new Error((await $`docker logs ${name}`).stdout);
      await setTimeout(250);
    }
    return this;
  }

  /** Listens as the gateway would; resolves to the socket and what it has received so far. */
  async listen(port: number): Promise<{ socket: Socket; received: () => number }> {
    const socket = createSocket('udp4');
    let bytes = 0;
    socket.on('message', (data) => {
      bytes += data.length;
    });
    await new Promise<void>((resolve) => socket.bind(port, neighbour.ipv4, resolve));
    return { socket, received: () => bytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const engine = $({ quiet: true, nothrow: true });
    await engine`docker rm --force ${this.#name}`;
    await engine`docker volume rm ${this.#name}`;
    await engine`docker network rm ${this.#name}`;
  }
}
