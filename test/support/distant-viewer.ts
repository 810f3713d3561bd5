/** A viewer on a machine of its own: a network namespace beside this machine's, with a firewall that a test sets. */
import { $ } from 'zx';
import { slot } from './slot.ts';

const engine = $({ quiet: true });

export class DistantViewer implements AsyncDisposable {
  readonly #name = `jd-viewer-${slot}`;
  readonly #link = `jdv${slot}`;

  async start(): Promise<this> {
    await this[Symbol.asyncDispose]();
    const [name, here, there] = [this.#name, `${this.#link}a`, `${this.#link}b`];
    const subnet = `198.18.${100 + slot}`;
    await engine`ip netns add ${name}`;
    await engine`ip link add ${here} type veth peer name ${there} netns ${name}`;
    await engine`ip addr add ${subnet}.1/30 dev ${here}`;
    await engine`ip link set ${here} up`;
    await engine`ip -n ${name} addr add ${subnet}.2/30 dev ${there}`;
    await engine`ip -n ${name} link set ${there} up`;
    await engine`ip -n ${name} link set lo up`;
    await engine`ip -n ${name} route add default via ${subnet}.1`;
    return this;
  }

  /** Words to put before a command that is to run there. */
  get entering(): string[] {
    return ['ip', 'netns', 'exec', this.#name];
  }

  /** Drops what comes from these ports, or is sent to them there. */
  async drop(protocol: 'udp' | 'tcp', ports: string): Promise<void> {
    for (const side of ['--sport', '--dport']) {
      await engine`${this.entering} iptables -A INPUT -p ${protocol} -m ${protocol} ${side} ${ports} -j DROP`;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const listed = await engine`ip netns list`;
    if (listed.stdout.split(/\s/).includes(this.#name)) await engine`ip netns delete ${this.#name}`;
  }
}
