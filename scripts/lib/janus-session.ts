/** A session of Janus's HTTP API with a handle of a plugin. */
import { randomUUID } from 'node:crypto';
import { ask } from './http.ts';

export type Message = { janus: string } & Record<string, unknown>;

export interface Description {
  type: 'offer' | 'answer';
  sdp: string;
}

export class JanusSession implements AsyncDisposable {
  readonly #api: string;
  readonly #token: string | undefined;
  readonly #session: number;
  readonly #handle: number;
  readonly #pushed: Message[] = [];
  readonly #polling = new AbortController();
  #arrived = Promise.withResolvers<void>();

  private constructor(api: string, token: string | undefined, session: number, handle: number) {
    this.#api = api;
    this.#token = token;
    this.#session = session;
    this.#handle = handle;
    void this.#poll();
  }

  /**
   * @param api e.g. `https://192.0.2.1:8443/janus`
   * @param token of a viewer, where the gateway asks for one
   * @throws Error with what Janus answers
   */
  static async attach(api: string, plugin: string, token?: string): Promise<JanusSession> {
    const session = await idOf(post(api, { janus: 'create', token }));
    const handle = await idOf(post(`${api}/${session}`, { janus: 'attach', plugin, token }));
    return new JanusSession(api, token, session, handle);
  }

  /** Sends a message to the plugin; resolves with what comes back at once, an acknowledgement or the plugin's data. */
  async send(body: object, jsep?: Description): Promise<Message> {
    return post(`${this.#api}/${this.#session}/${this.#handle}`, {
      janus: 'message',
      body: { ...body, token: this.#token },
      jsep,
      token: this.#token,
    });
  }

  /** The first message that was pushed, fits and was not taken yet; rejects when none comes within `timeout` ms. */
  async next(fits: (message: Message) => boolean, what: string, timeout = 10_000): Promise<Message> {
    const late = Promise.withResolvers<never>();
    const limit = setTimeout(
      () => late.reject(new Error(`Janus did not send ${what} within ${timeout / 1000} s`)),
      timeout,
    );
    try {
      for (;;) {
        const index = this.#pushed.findIndex(fits);
        if (index >= 0) return this.#pushed.splice(index, 1)[0];
        await Promise.race([this.#arrived.promise, late.promise]);
      }
    } finally {
      clearTimeout(limit);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#polling.abort();
    await post(`${this.#api}/${this.#session}`, { janus: 'destroy', token: this.#token }).catch(
      () => undefined,
    );
  }

  async #poll(): Promise<void> {
    const { signal } = this.#polling;
    const query = new URLSearchParams({ maxev: '10', ...(this.#token && { token: this.#token }) });
    while (!signal.aborted) {
      // Janus answers after 30 s without an event.
      const answer = await ask(`${this.#api}/${this.#session}?${query}`, { signal, timeout: 60_000 }).catch(
        () => undefined,
      );
      // Where the gateway has ended, the web server answers.
      if (answer?.status !== 200) return;
      this.#pushed.push(...([JSON.parse(answer.body)].flat() as Message[]));
      this.#arrived.resolve();
      this.#arrived = Promise.withResolvers();
    }
  }
}

async function idOf(created: Promise<Message>): Promise<number> {
  const { data, error } = (await created) as {
    data?: { id: number };
    error?: { code: number; reason: string };
  };
  if (!data) throw new Error(`Janus refuses a session: ${error?.reason} (${error?.code})`);
  return data.id;
}

async function post(url: string, message: object): Promise<Message> {
  const { status, body } = await ask(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ transaction: randomUUID(), ...message }),
  });
  if (status !== 200) throw new Error(`${url.replace(/\/janus.*/, '/janus')} answered ${status}`);
  return JSON.parse(body) as Message;
}
