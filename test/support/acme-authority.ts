/**
 * An ACME authority of the tests: Pebble, as Debian packages it, with name servers that know the names they are told.
 * Commands that are run through it ask these name servers, so it takes root.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { $ } from 'zx';
import { findPebble } from '../../scripts/lib/test-tools.ts';

const pebble = await findPebble();

/** Why there can be none on this machine; undefined where there can. */
export const missingPebble =
  process.getuid?.() !== 0
    ? 'name servers of its own take root'
    : 'missing' in pebble
      ? pebble.missing
      : undefined;

export class AcmeAuthority implements AsyncDisposable {
  /** PEM file of the certificate that its API is trusted by. */
  readonly roots: string;
  readonly url: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'janus-deploy-acme-'));
  readonly #host: string;
  readonly #port: number;
  /** An address of its own, as the port of a name server is always the same. */
  readonly #nameServer: string;
  readonly #children: ChildProcess[] = [];

  /** @param host an address of this machine that containers reach; `port` and the next are taken on it */
  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
    this.#nameServer = `127.77.${port >> 8}.${port & 255}`;
    this.roots = join(this.#folder, 'api.pem');
    this.url = `https://${host}:${port}/dir`;
  }

  /** @param questionPort where it asks a name for its proof, instead of on port 80 */
  async start(questionPort: number): Promise<this> {
    const key = join(this.#folder, 'api-key.pem');
    await $({
      quiet: true,
    })`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=pebble -addext ${`subjectAltName=IP:${this.#host}`} -days 2 -keyout ${key} -out ${this.roots}`;
    const config = join(this.#folder, 'pebble.json');
    const settings = {
      listenAddress: `${this.#host}:${this.#port}`,
      managementListenAddress: `127.0.0.1:${this.#port + 1}`,
      certificate: this.roots,
      privateKey: key,
      httpPort: questionPort,
      tlsPort: questionPort,
    };
    writeFileSync(config, JSON.stringify({ pebble: settings }));
    writeFileSync(join(this.#folder, 'resolv.conf'), `nameserver ${this.#nameServer}\n`);
    const none = ['-http01', '', '-https01', '', '-tlsalpn01', ''];
    this.#spawn('pebble-challtestsrv', [
      ...none,
      ...['-dns01', `${this.#nameServer}:53`, '-management', `${this.#nameServer}:8055`],
      ...['-defaultIPv4', this.#host, '-defaultIPv6', ''],
    ]);
    this.#spawn('pebble', ['-config', config, '-dnsserver', `${this.#nameServer}:53`]);
    for (const [host, port] of [
      [this.#host, this.#port],
      [this.#nameServer, 8055],
    ] as const) {
      for (let attempt = 0; !(await answers(host, port)); attempt++) {
        if (attempt === 100) throw new Error(`Nothing answers on ${host}:${port}.`);
        await setTimeout(100);
      }
    }
    return this;
  }

  /** Has a name lead to another address, or with none to those that every name has. */
  async setRecord(kind: 'A' | 'AAAA', name: string, address?: string): Promise<void> {
    const path = `${address === undefined ? 'clear' : 'add'}-${kind.toLowerCase()}`;
    const body = JSON.stringify({ host: `${name}.`, addresses: address && [address] });
    const answer = await fetch(`http://${this.#nameServer}:8055/${path}`, { method: 'POST', body });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  }

  /** The words before a command that has it ask the name servers. */
  get asking(): string[] {
    const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
    return ['unshare', '--mount', 'sh', '-c', script, join(this.#folder, 'resolv.conf')];
  }

  #spawn(command: string, args: string[]): void {
    const env = { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' };
    this.#children.push(spawn(command, args, { env, stdio: 'ignore' }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const answers = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
