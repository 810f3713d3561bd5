/** A client of Janus's HTTP API that keeps every message as it came, with a browser for its PeerConnection. */
import type { Page } from 'playwright-core';

export type Message = { janus: string; data?: { id: number } } & Record<string, unknown>;

type Connected = { connection: RTCPeerConnection };

export class JanusClient {
  readonly session: number;
  readonly handle: number;
  private readonly api: string;
  private readonly page: Page;
  private readonly pushed: Message[] = [];
  private readonly polling = new AbortController();

  private constructor(api: string, page: Page, session: number, handle: number) {
    this.api = api;
    this.page = page;
    this.session = session;
    this.handle = handle;
    void this.poll();
  }

  /** Opens a session and attaches to a plugin. */
  static async attach(api: string, plugin: string, page: Page): Promise<JanusClient> {
    const session = await idOf(post(api, { janus: 'create', transaction: 'create' }));
    const attach = { janus: 'attach', plugin, transaction: 'attach' };
    return new JanusClient(api, page, session, await idOf(post(`${api}/${session}`, attach)));
  }

  /** Sends a message to the plugin and gives what comes back, whatever it is. */
  async send(transaction: string, body: object, jsep?: object): Promise<Message> {
    return post(`${this.api}/${this.session}/${this.handle}`, { janus: 'message', transaction, body, jsep });
  }

  /** The first of these kinds that was pushed and not yet taken; undefined when none comes within ten seconds. */
  async next(kind: string): Promise<Message | undefined> {
    for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
      const index = this.pushed.findIndex(({ janus }) => janus === kind);
      if (index >= 0) return this.pushed.splice(index, 1)[0];
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return undefined;
  }

  /** What was pushed and not taken. */
  left(kind: string): Message[] {
    return this.pushed.filter(({ janus }) => janus === kind);
  }

  /** Has the browser answer an offer. */
  async answer(offer: RTCSessionDescriptionInit): Promise<RTCSessionDescriptionInit> {
    return this.page.evaluate(async (description) => {
      const connection = new RTCPeerConnection();
      (globalThis as unknown as Connected).connection = connection;
      await connection.setRemoteDescription(description);
      await connection.setLocalDescription();
      while (connection.iceGatheringState !== 'complete') {
        await new Promise((resolve) =>
          connection.addEventListener('icegatheringstatechange', resolve, { once: true }),
        );
      }
      const { type, sdp } = connection.localDescription as RTCSessionDescription;
      return { type, sdp };
    }, offer);
  }

  /** Has the browser end the PeerConnection. */
  async hangUp(): Promise<void> {
    await this.page.evaluate(() => (globalThis as unknown as Connected).connection.close());
  }

  async close(): Promise<void> {
    this.polling.abort();
    await post(`${this.api}/${this.session}`, { janus: 'destroy', transaction: 'destroy' });
  }

  private async poll(): Promise<void> {
    const { signal } = this.polling;
    while (!signal.aborted) {
      const answer = await fetch(`${this.api}/${this.session}?maxev=10`, { signal }).catch(() => undefined);
      const messages = (await answer?.json().catch(() => undefined)) as Message | Message[] | undefined;
      if (messages) this.pushed.push(...[messages].flat());
    }
  }
}

async function idOf(created: Promise<Message>): Promise<number> {
  const { data, ...rest } = await created;
  if (!data) throw new Error(`Janus answered ${JSON.stringify(rest)}.`);
  return data.id;
}

async function post(url: string, message: object): Promise<Message> {
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(message) });
  return (await answer.json()) as Message;
}
