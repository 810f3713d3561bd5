/** A viewer on a machine of its own: a network namespace beside this machine's, with a firewall that a test sets. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { $ } from 'zx';
import { slot } from './slot.ts';

const engine = $({ quiet: true });

/** Why there can be none on this machine; undefined where there can. */
export const missingNamespaces = process.getuid?.() === 0 ? undefined : 'network namespaces take root';

export class DistantViewer implements AsyncDisposable {
  readonly #name = `jd-viewer-${slot}`;
  /** Between the viewer and this machine, where there is one. */
  readonly #router = `jd-router-${slot}`;
  readonly #link = `jdv${slot}`;
  readonly #subnet = `198.18.${100 + slot}`;
  /** This machine's address on the link to the viewer. */
  readonly machine = `${this.#subnet}.1`;
  readonly #folder = mkdtempSync(join(tmpdir(), 'janus-deploy-viewer-'));

  /** @param behindRouter in a network of the viewer's own, whose router translates addresses */
  async start({ behindRouter = false } = {}): Promise<this> {
    await this.#clear();
    const neighbour = behindRouter ? this.#router : this.#name;
    await engine`ip netns add ${neighbour}`;
    await engine`ip link add ${this.#link}a type veth peer name ${this.#link}b netns ${neighbour}`;
    await engine`ip addr add ${this.machine}/30 dev ${this.#link}a`;
    await engine`ip link set ${this.#link}a up`;
    await this.#join(neighbour, `${this.#link}b`, `${this.#subnet}.2/30`, this.machine);
    if (behindRouter) {
      // This machine has no route to it: packets get there as answers alone.
      const own = `10.213.${slot}`;
      await engine`ip netns add ${this.#name}`;
      await engine`ip -n ${neighbour} link add inside type veth peer name outside netns ${this.#name}`;
      await engine`ip -n ${neighbour} addr add ${own}.1/30 dev inside`;
      await engine`ip -n ${neighbour} link set inside up`;
      await this.#join(this.#name, 'outside', `${own}.2/30`, `${own}.1`);
      await engine`ip netns exec ${neighbour} sysctl -qw net.ipv4.ip_forward=1`;
      await engine`ip netns exec ${neighbour} iptables -t nat -A POSTROUTING -o ${this.#link}b -j MASQUERADE`;
    }
    return this;
  }

  async #join(namespace: string, device: string, address: string, router: string): Promise<void> {
    await engine`ip -n ${namespace} addr add ${address} dev ${device}`;
    await engine`ip -n ${namespace} link set ${device} up`;
    await engine`ip -n ${namespace} link set lo up`;
    await engine`ip -n ${namespace} route add default via ${router}`;
  }

  /** Words to put before a command that is to run there. */
  get entering(): string[] {
    return ['ip', 'netns', 'exec', this.#name];
  }

  /** Path of a program that runs another there, with the arguments that it is given. */
  program(path: string): string {
    const wrapper = join(this.#folder, 'enter');
    writeFileSync(wrapper, `#!/bin/sh\nexec ${this.entering.join(' ')} ${path} "$@"\n`);
    chmodSync(wrapper, 0o755);
    return wrapper;
  }

  /** Drops what comes from these ports, or is sent to them there. */
  async drop(protocol: 'udp' | 'tcp', ports: string): Promise<void> {
    for (const side of ['--sport', '--dport']) {
      await engine`${this.entering} iptables -A INPUT -p ${protocol} -m ${protocol} ${side} ${ports} -j DROP`;
    }
  }

  /** Loses a share of all packets that arrive there, 0 to 1. */
  async lose(share: number): Promise<void> {
    await engine`${this.entering} iptables -A INPUT -m statistic --mode random --probability ${share} -j DROP`;
  }

  /** Lets no more than so many kbit/s get there; what has to wait for longer than 200 ms is lost. */
  async narrow(kilobits: number): Promise<void> {
    await engine`tc qdisc replace dev ${this.#link}a root tbf rate ${kilobits}kbit burst 8kb latency 200ms`;
  }

  /** Ends what `drop`, `lose` and `narrow` began. */
  async mend(): Promise<void> {
    await engine`${this.entering} iptables -F`;
    await $({ quiet: true, nothrow: true })`tc qdisc del dev ${this.#link}a root`;
  }

  /** Stops all programs there where they are, as a machine does that is closed, for some seconds. */
  async sleep(seconds: number): Promise<void> {
    const { stdout } = await engine`ip netns pids ${this.#name}`;
    const programs = stdout.split('\n').filter(Boolean);
    await engine`kill -STOP ${programs}`;
    try {
      await setTimeout(seconds * 1000);
    } finally {
      await engine`kill -CONT ${programs}`;
    }
  }

  async #clear(): Promise<void> {
    const listed = (await engine`ip netns list`).stdout.split(/\s/);
    for (const name of [this.#name, this.#router]) {
      if (listed.includes(name)) await engine`ip netns delete ${name}`;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#clear();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
