/**
 * A container of the tests on a network without a way out, where this machine is its only neighbour: what it wrongly
 * sends arrives nowhere.
 */
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout } from 'node:timers/promises';
import { $ } from 'zx';
import { slot } from './slot.ts';

export interface Addresses {
  ipv4: string;
  ipv6: string;
}

export interface Start {
  image: string;
  /** Texts of the files below /config/current, where every service reads its own. */
  files: Record<string, string>;
  /** More options of `docker run`. */
  options?: string[];
}

export abstract class IsolatedContainer implements AsyncDisposable {
  /** Of the container, and of all that is made for it on the engine. */
  readonly name: string;
  readonly addresses: Addresses;
  /** Addresses of this machine on the network. */
  readonly neighbour: Addresses;
  /** Addresses of the network that nobody has. */
  readonly nobody: Addresses;
  readonly #subnets: Addresses;

  /** @param network a number that no other isolated container of a test file has, below 256 */
  constructor(name: string, network: number) {
    this.name = `${name}-isolated`;
    // Each slot has addresses of its own, as an engine has no two networks that overlap.
    const nth = (n: number): Addresses => ({
      ipv4: `198.18.${network}.${16 * slot + n}`,
      ipv6: `fd77:7475:${network}:${slot}::${n}`,
    });
    this.#subnets = { ipv4: `${nth(0).ipv4}/28`, ipv6: `${nth(0).ipv6}/64` };
    this.neighbour = nth(1);
    this.addresses = nth(2);
    this.nobody = nth(3);
  }

  /** Whether the service in it does what it is for. */
  protected abstract answers(): Promise<boolean>;

  protected async run({ image, files, options = [] }: Start): Promise<void> {
    await this.#clear();
    const { name, addresses, neighbour } = this;
    await $({
      quiet: true,
    })`docker network create --internal --ipv6 --subnet ${this.#subnets.ipv4} --gateway ${neighbour.ipv4} --subnet ${this.#subnets.ipv6} --gateway ${neighbour.ipv6} ${name}`;
    const volume = `${name}:/config`;
    for (const [file, text] of Object.entries(files)) {
      const write = `mkdir -p /config/current && cat > /config/current/${file}`;
      await $({
        quiet: true,
        input: text,
      })`docker run --rm -i --network none --user 0 --entrypoint sh -v ${volume} ${image} -c ${write}`;
    }
    const place = ['--network', name, '--ip', addresses.ipv4, '--ip6', addresses.ipv6];
    const kept = ['--read-only', '--tmpfs', '/tmp', '-v', `${volume}:ro`];
    await $({ quiet: true })`docker run --detach --name ${name} ${place} ${kept} ${options} ${image}`;
    await this.#answering();
  }

  /** Starts it again: it forgets all that it was asked. */
  async restart(): Promise<void> {
    await $({ quiet: true })`docker restart --time 0 ${this.name}`;
    await this.#answering();
  }

  /** What it printed since it was made. */
  async log(): Promise<string> {
    const { stdout, stderr } = await $({ quiet: true })`docker logs ${this.name}`;
    return stdout + stderr;
  }

  async #answering(): Promise<void> {
    for (let attempt = 0; !(await this.answers()); attempt++) {
      if (attempt === 100) throw new Error(`${this.name} does not answer:\n${await this.log()}`);
      await setTimeout(250);
    }
  }

  /** Listens as a neighbour; resolves to the socket and how many bytes it has received so far. */
  async listen(port: number): Promise<{ socket: Socket; received: () => number }> {
    const socket = createSocket('udp4');
    let bytes = 0;
    socket.on('message', (data) => {
      bytes += data.length;
    });
    await new Promise<void>((resolve) => socket.bind(port, this.neighbour.ipv4, resolve));
    return { socket, received: () => bytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#clear();
  }

  async #clear(): Promise<void> {
    const engine = $({ quiet: true, nothrow: true });
    await engine`docker rm --force ${this.name}`;
    await engine`docker volume rm ${this.name}`;
    await engine`docker network rm ${this.name}`;
  }
}
