/** TURN: every way to it carries media, and it opens no way to anything but the gateway's media. */
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import { selectedPair } from '../../scripts/lib/peer-connections.ts';
import { TurnClient, type TurnCredential, turnCredential } from '../../scripts/lib/turn-client.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { Deployment } from '../support/deployment.ts';
import { IsolatedTurn } from '../support/isolated-turn.ts';
import { measurePlayback, waitForFrame } from '../support/measure.ts';
import { connected, playFile } from '../support/player.ts';

let deployment: Deployment;
let browser: TestBrowser;
let isolated: IsolatedTurn;

beforeAll(async () => {
  deployment = await new Deployment('e2e', { maxViewers: 4 }).deployAnew();
  browser = await openBrowser({ certificateAuthority: deployment.authority });
  const container = `janus-deploy-${deployment.stack}-turn`;
  const image = (await $({ quiet: true })`docker inspect --format {{.Image}} ${container}`).stdout.trim();
  isolated = await new IsolatedTurn(container).start(image);
});
afterAll(async () => {
  await isolated?.[Symbol.asyncDispose]();
  await browser?.close();
  await deployment?.remove();
});

describe('a browser that may use nothing but TURN', () => {
  it.each([
    ['udp', 'UDP', ({ turnPort }: Ports) => `turn:127.0.0.1:${turnPort}?transport=udp`],
    ['tcp', 'TCP', ({ turnPort }: Ports) => `turn:127.0.0.1:${turnPort}?transport=tcp`],
    ['tls', 'TLS', ({ turnTlsPort }: Ports) => `turns:127.0.0.1:${turnTlsPort}?transport=tcp`],
  ])('plays a film through %s', async (protocol, _, url) => {
    // The route below asks for itself, and does not know the authority; the browser's TURN over TLS trusts it as before.
    const { page, context } = await browser.newPage({ ignoreHTTPSErrors: true });
    // Only one of the ways that it is told of.
    await page.route('**/turn-credentials', async (route) => {
      const response = await route.fetch();
      const { iceServers, ttl } = await response.json();
      expect(iceServers[0].urls).toContain(url(deployment.ports));
      await route.fulfill({
        response,
        json: { iceServers: [{ ...iceServers[0], urls: [url(deployment.ports)] }], ttl },
      });
    });
    await page.goto(deployment.url('playerPort', '/player/?relay'));
    await connected(page);
    await playFile(page, 'sample.mp4');
    await waitForFrame(page, ({ film }) => film === 1);
    const playback = await measurePlayback(page, { seconds: 3 });
    expect(playback.fps).toBeGreaterThan(23);
    expect(await selectedPair(page)).toMatchObject({ local: 'relay', relayProtocol: protocol });
    await context.close();
  });
});

describe('the TURN server, on a network without a way out', () => {
  const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;
  const allocated = async (family: 4 | 6 = 4, credential?: TurnCredential) => {
    const client = await TurnClient.open(isolated.server, credential ?? valid());
    expect(await client.allocate(family)).toBe(0);
    return client;
  };
  /** A credential that no other test has used up. */
  const valid = () => turnCredential(isolated.secret, inAnHour(), `viewer-${Math.random()}`);

  it('permits the gateway as a peer', async () => {
    await using four = await allocated(4);
    expect(await four.permit(isolated.neighbour.ipv4)).toBe(0);
    await using six = await allocated(6);
    expect(await six.permit(isolated.neighbour.ipv6)).toBe(0);
  });

  it('refuses every other peer', async () => {
    const refused = {
      4: [
        ['itself', isolated.addresses.ipv4],
        ['loopback', '127.0.0.1'],
        ['loopback', '127.9.9.9'],
        ['this host', '0.0.0.0'],
        ['private', '10.0.0.1'],
        ['private', '172.17.0.1'],
        ['private', '192.168.1.1'],
        ['shared', '100.64.0.1'],
        ['link-local', '169.254.10.10'],
        ['metadata', '169.254.169.254'],
        ['metadata', '100.100.100.200'],
        ['documentation', '192.0.2.1'],
        ['documentation', '198.51.100.1'],
        ['documentation', '203.0.113.1'],
        ['benchmark', isolated.nobody.ipv4],
        ['multicast', '224.0.0.251'],
        ['broadcast', '255.255.255.255'],
        ['public', '8.8.8.8'],
      ],
      6: [
        ['itself', isolated.addresses.ipv6],
        ['loopback', '::1'],
        ['unspecified', '::'],
        ['unique local', 'fd00::1'],
        ['metadata', 'fd00:ec2::254'],
        ['link-local', 'fe80::1'],
        ['documentation', '2001:db8::1'],
        ['multicast', 'ff02::1'],
        ['IPv4-mapped loopback', '::ffff:127.0.0.1'],
        ['IPv4-mapped private', '::ffff:10.0.0.1'],
        ['IPv4-mapped metadata', '::ffff:169.254.169.254'],
        ['IPv4-compatible', '::127.0.0.1'],
        ['6to4', '2002:7f00:1::1'],
        ['NAT64', '64:ff9b::7f00:1'],
        ['public', '2606:4700:4700::1111'],
      ],
    };
    for (const family of [4, 6] as const) {
      await using client = await allocated(family);
      for (const [what, address] of refused[family]) {
        expect(await client.permit(address), `${what} ${address}`).toBe(403);
        expect(await client.bind(0x4000, { address, port: isolated.plan.ports.rtp.first }), address).toBe(
          403,
        );
      }
    }
  });

  it('relays to the gateway’s media ports and to no other port of its address', async () => {
    const { first, last } = isolated.plan.ports.rtp;
    await using client = await allocated();
    const ports = [first, last, 53, first - 1, last + 1, isolated.plan.ports.relay.first];
    const listeners = await Promise.all(ports.map((port) => isolated.listen(port)));
    try {
      for (const [i, port] of ports.entries()) {
        expect(await client.bind(0x4000 + i, { address: isolated.neighbour.ipv4, port })).toBe(0);
      }
      // The last of them is one that is relayed: when it is there, so is all that was sent before it.
      for (const i of [2, 3, 4, 5, 0, 1]) client.send(0x4000 + i, Buffer.from('test'));
      await expect.poll(() => listeners[1].received()).toBe(4);
      expect(listeners.map(({ received }) => received())).toEqual([4, 4, 0, 0, 0, 0]);
    } finally {
      for (const { socket } of listeners) socket.close();
    }
  });

  it('refuses credentials that are forged or have expired', async () => {
    const asked = async (credential: TurnCredential) => {
      await using client = await TurnClient.open(isolated.server, credential);
      return await client.allocate();
    };
    expect(await asked(valid())).toBe(0);
    expect(await asked(turnCredential('a guess', inAnHour()))).toBe(401);
    expect(await asked(turnCredential(isolated.secret, inAnHour() - 3601))).toBe(401);
    // The time it ends at is signed.
    const { credential } = turnCredential(isolated.secret, inAnHour() - 7200);
    expect(await asked({ username: `${inAnHour()}:test`, credential })).toBe(401);
  });

  it('relays no more bytes in a second than a film needs', async () => {
    await using client = await TurnClient.open({ ...isolated.server, transport: 'tcp' }, valid());
    expect(await client.allocate()).toBe(0);
    const { first } = isolated.plan.ports.rtp;
    const { socket, received } = await isolated.listen(first);
    try {
      expect(await client.bind(0x4000, { address: isolated.neighbour.ipv4, port: first })).toBe(0);
      const started = performance.now();
      for (let sent = 0; sent < 64_000_000; sent += 64_000) {
        for (let i = 0; i < 64; i++) client.send(0x4000, Buffer.alloc(1000));
        await setImmediate();
      }
      // An answer means that all that was sent before it was read.
      expect(await client.permit(isolated.neighbour.ipv4)).toBe(0);
      const seconds = Math.ceil((performance.now() - started) / 1000);
      expect(received()).toBeGreaterThan(1_000_000);
      expect(received()).toBeLessThan((seconds + 1) * 8_000_000);
    } finally {
      socket.close();
    }
  });

  it('gives one credential, and all together, no more relays than viewers need', async () => {
    // Relays that were given back, by another test or an earlier try, count for another second or so.
    await isolated.restart();
    const clients: TurnClient[] = [];
    /** How many relays are had until one is refused for the quota. */
    const until = async (next: () => TurnCredential): Promise<number> => {
      for (let count = 0; ; count++) {
        const client = await TurnClient.open(isolated.server, next());
        clients.push(client);
        const code = await client.allocate();
        if (code !== 0) {
          expect(code).toBe(486);
          return count;
        }
      }
    };
    try {
      const one = valid();
      expect(await until(() => one)).toBe(12);
      expect(await until(valid)).toBe(isolated.plan.maxViewers * 12 - 12);
    } finally {
      for (const client of clients) await client[Symbol.asyncDispose]().catch(() => undefined);
    }
  });
});

type Ports = Deployment['ports'];
