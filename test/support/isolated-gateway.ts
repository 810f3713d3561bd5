/** A gateway as a bridge deployment has it, on a network without a way out: this machine is its only viewer. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx';
import { type JanusFlavour, makePlan } from '../../infra/plan/plan.ts';
import { adminSocket, renderGateway } from '../../infra/render/janus.ts';
import { configOf, linux, official } from './facts.ts';
import { IsolatedContainer } from './isolated-container.ts';

const secrets = {
  admin: 'admin-of-the-isolated-gateway',
  streaming: 'streaming-of-the-isolated-gateway',
  token: '',
};

export interface Answer {
  janus: string;
  data?: { id: number };
  error?: { code: number; reason?: string };
  plugindata?: { data: Record<string, unknown> };
  jsep?: { type: 'answer' | 'offer'; sdp: string };
}

export class IsolatedGateway extends IsolatedContainer {
  readonly secrets = secrets;
  readonly #folder = mkdtempSync(join(tmpdir(), 'janus-deploy-gateway-'));
  readonly #port = 8188;

  /** @param name prefix of what it makes on the engine */
  constructor(name: string) {
    super(name, 78);
  }

  /** Folder of this machine whose files it plays. */
  get media(): string {
    return join(this.#folder, 'media');
  }

  get api(): string {
    return `http://${this.addresses.ipv4}:${this.#port}/janus`;
  }

  /** Starts `image`, which asks names of a server on port 53 of this machine's address on the network. */
  async start(image: string, flavour: JanusFlavour = '0.9.1'): Promise<this> {
    const { ipv4 } = this.addresses;
    const config = configOf({ maxViewers: '20', network: 'bridge', mediaFolder: '/media' });
    const plan = makePlan('isolated', config, linux, official);
    const files = renderGateway(
      {
        ...plan,
        flavour,
        advertised: ipv4,
        gatewayApi: { host: ipv4, port: this.#port },
        network: {
          mode: 'bridge',
          why: '',
          subnet: '',
          addresses: { gateway: ipv4, turn: ipv4, web: ipv4, prometheus: ipv4, grafana: ipv4 },
        },
      },
      this.secrets,
    );
    const resolver = join(this.#folder, 'resolv.conf');
    writeFileSync(resolver, `nameserver ${this.neighbour.ipv4}\n`);
    mkdirSync(this.media, { recursive: true });
    for (const folder of [this.#folder, this.media]) chmodSync(folder, 0o755);
    const options = [
      ...['--tmpfs', '/run/janus:mode=1777', '--volume', `${resolver}:/etc/resolv.conf:ro`],
      ...['--volume', `${this.media}:/media:ro`],
    ];
    await this.run({ image, files, options });
    return this;
  }

  protected async answers(): Promise<boolean> {
    return fetch(`${this.api}/info`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** Sends a message to Janus, to one of its sessions or handles. */
  async ask(message: object, path = ''): Promise<Answer> {
    const answer = await fetch(`${this.api}${path}`, {
      method: 'POST',
      body: JSON.stringify({ transaction: 'test', ...message }),
    });
    return (await answer.json()) as Answer;
  }

  /** Opens a session with a handle of a plugin; resolves with their paths. */
  async attach(plugin = 'janus.plugin.echotest'): Promise<{ session: string; handle: string }> {
    const session = `/${(await this.ask({ janus: 'create' })).data?.id}`;
    const { data } = await this.ask({ janus: 'attach', plugin }, session);
    return { session, handle: `${session}/${data?.id}` };
  }

  /** The next event that fits. */
  async next(session: string, fits: (event: Answer) => boolean): Promise<Answer> {
    for (;;) {
      const event = (await (await fetch(`${this.api}${session}`)).json()) as Answer;
      if (fits(event)) return event;
      if (event.janus === 'keepalive') throw new Error('The gateway said nothing for 30 s.');
    }
  }

  /** Asks the admin API on its socket. */
  async admin(message: object): Promise<Answer> {
    const request = { transaction: 'test', admin_secret: this.secrets.admin, ...message };
    const answer = await $({
      quiet: true,
      input: `${JSON.stringify(request)}\n`,
    })`docker exec -i ${this.name} janus-admin ${adminSocket}`;
    return JSON.parse(answer.stdout) as Answer;
  }

  /** Whether it is the process that was started, and no sanitizer had to say anything. */
  async unharmed(): Promise<boolean> {
    const { stdout } = await $({
      quiet: true,
    })`docker inspect --format {{.State.Running}},{{.RestartCount}} ${this.name}`;
    const found = /ERROR: AddressSanitizer|runtime error:/.exec(await this.log());
    return stdout.trim() === 'true,0' && found === null;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
