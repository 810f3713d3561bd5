import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../infra/config/config.ts';
import type { BuildFacts } from '../../infra/plan/facts.ts';
import { makePlan, portsForViewers } from '../../infra/plan/plan.ts';
import { profiles } from '../../infra/plan/profiles.ts';
import { orderAddresses } from '../../scripts/lib/own-addresses.ts';
import { configOf, linux, official } from '../support/facts.ts';

const planOf = (values: Record<string, string> = {}, engine = linux, build = official) =>
  makePlan('dev', configOf(values), engine, build);

describe('network mode', () => {
  it('is host on a rootful Linux engine, bridge elsewhere, and what is asked for always', () => {
    expect(planOf().network.mode).toBe('host');
    expect(planOf({}, { ...linux, rootless: true }).network.mode).toBe('bridge');
    expect(planOf({}, { ...linux, virtualMachine: true }).network.mode).toBe('bridge');
    expect(planOf({ network: 'bridge' }).network.mode).toBe('bridge');
    expect(planOf({ network: 'host' }, { ...linux, rootless: true }).network.mode).toBe('host');
  });

  it('publishes no more ports on a bridge than its viewers need', () => {
    const plan = planOf({ network: 'bridge', maxViewers: '8' });
    expect(plan.published.gateway).toHaveLength(portsForViewers(8));
    expect(plan.network).toMatchObject({ addresses: { gateway: plan.gatewayApi.host } });
  });

  it('refuses more viewers on a bridge than ports can be published for', () => {
    expect(() => planOf({ network: 'bridge', maxViewers: '101' })).toThrow(
      /maxViewers is 101 .* at most 100/,
    );
  });

  it('keeps the gateway’s API on loopback on the host network', () => {
    expect(planOf().gatewayApi).toEqual({ host: '127.0.0.1', port: 18088 });
  });
});

describe('Docker Desktop', () => {
  /** As they are seen by Node: the machine's network, and those of its virtual machines. */
  const macOS = {
    lo0: [{ address: '127.0.0.1', internal: true }],
    bridge100: [{ address: '192.168.64.1', internal: false }],
    en0: [
      { address: 'fe80::1c2d', internal: false },
      { address: '192.168.1.20', internal: false },
      { address: '2001:db8::20', internal: false },
    ],
  };
  const windows = {
    'vEthernet (WSL)': [{ address: '172.22.0.1', internal: false }],
    'Ethernet 2': [{ address: '169.254.3.4', internal: false }],
    'Wi-Fi': [{ address: '192.168.1.30', internal: false }],
    'Loopback Pseudo-Interface 1': [{ address: '::1', internal: true }],
  };

  it.each([
    ['macOS', macOS, '192.168.1.20', ['192.168.1.20', '192.168.64.1', '2001:db8::20']],
    ['Windows', windows, '192.168.1.30', ['192.168.1.30', '172.22.0.1']],
    ['a machine without a way out', windows, undefined, ['172.22.0.1', '192.168.1.30']],
  ])('on %s offers media at the machine’s own address, through published ports', (_, interfaces, wayOut, own) => {
    const addresses = orderAddresses(interfaces, wayOut);
    expect(addresses).toEqual(own);
    const plan = planOf({ maxViewers: '8' }, { ...profiles.desktop, addresses });
    expect(plan.network).toMatchObject({ mode: 'bridge', why: 'the engine runs in a virtual machine' });
    expect(plan.advertised).toBe(own[0]);
    expect(plan.published.gateway).toHaveLength(portsForViewers(8));
    // Media comes to the gateway's container, wherever it was sent to.
    const { addresses: containers } = plan.network as Extract<typeof plan.network, { mode: 'bridge' }>;
    expect(plan.mediaAddresses).toEqual([containers.gateway]);
  });
});

describe('the subnet of a bridge', () => {
  const subnetOf = (engine: Partial<typeof linux>) => {
    const { network } = planOf({ network: 'bridge' }, { ...linux, ...engine });
    return network.mode === 'bridge' ? network.subnet : undefined;
  };

  it('overlaps no network of the engine and none that the machine has a route to', () => {
    const first = subnetOf({}) as string;
    const second = subnetOf({ networks: [{ name: 'other', subnets: ['fd00::/64', first] }] }) as string;
    expect(second).not.toBe(first);
    expect(subnetOf({ routes: ['0.0.0.0/1', first, second] })).not.toMatch(first.slice(0, -4));
    expect(() => subnetOf({ routes: ['172.16.0.0/12'] })).toThrow(/No subnet of 172\.31\.240\.0\/20 is free/);
  });

  it('is the one that the stack has already', () => {
    const networks = [{ name: 'janus-deploy-dev', subnets: ['172.31.7.0/24'] }];
    expect(subnetOf({ networks, routes: ['172.31.7.0/24'] })).toBe('172.31.7.0/24');
  });
});

describe('addresses', () => {
  it('advertises the first IPv4 address, or the one asked for', () => {
    expect(planOf().advertised).toBe('192.0.2.2');
    expect(planOf({ advertisedAddress: '198.51.100.7' }).advertised).toBe('198.51.100.7');
  });

  it('takes coturn as the name of this deployment’s own TURN server', () => {
    expect(planOf({ stunServer: 'coturn:3478' }).stun).toEqual({ host: '127.0.0.1', port: 3478 });
    expect(planOf({ stunServer: 'stun.example.org:19302' }).stun).toEqual({
      host: 'stun.example.org',
      port: 19302,
    });
    expect(planOf().stun).toBeUndefined();
  });
});

describe('substitutions', () => {
  const substituted: BuildFacts = {
    ...official,
    baseImage: { name: 'janus-deploy/base:x', substitute: 'The base image is home-made' },
    janusSource: { available: false, why: 'upstream cannot be reached' },
  };

  it('are listed, each with its reason', () => {
    const plan = planOf({}, linux, substituted);
    expect(plan.flavour).toBe('distribution');
    expect(plan.substitutions).toEqual([
      'The base image is home-made',
      'Janus is the distribution’s 1.1.2 instead of 0.9.1: upstream cannot be reached',
    ]);
  });

  it('are refused by a production stack, all at once', () => {
    expect.assertions(1);
    try {
      planOf({ production: 'true', access: 'open' }, linux, substituted);
    } catch (error) {
      expect((error as ConfigError).errors).toHaveLength(2);
    }
  });

  it('are refused where the flavour was asked for', () => {
    expect(() => planOf({ janus: '0.9.1' }, linux, substituted)).toThrow(/janus is 0.9.1, but its source/);
  });
});

describe('every plan', () => {
  const values = fc.record({
    network: fc.constantFrom('auto', 'host', 'bridge'),
    maxViewers: fc.integer({ min: 1, max: 300 }).map(String),
    rtpPorts: fc.integer({ min: 1024, max: 65000 }).map((first) => `${first}-${first + 499}`),
    relayPorts: fc.integer({ min: 1024, max: 65000 }).map((first) => `${first}-${first + 499}`),
  });
  const engines = fc.record({
    rootless: fc.boolean(),
    virtualMachine: fc.boolean(),
    cores: fc.integer({ min: 1, max: 64 }),
  });

  it('keeps media ports apart from each other and from the kernel’s, or is refused in words', () => {
    fc.assert(
      fc.property(values, engines, (asked, engine) => {
        try {
          const { ports, published, maxViewers } = planOf(asked, { ...linux, ...engine });
          const apart = (a: { first: number; last: number }, b: { first: number; last: number }) =>
            a.last < b.first || b.last < a.first;
          expect(apart(ports.rtp, ports.relay)).toBe(true);
          expect(apart(ports.rtp, linux.ephemeralPorts)).toBe(true);
          expect(apart(ports.relay, linux.ephemeralPorts)).toBe(true);
          expect(published.gateway.length).toBeGreaterThanOrEqual(portsForViewers(maxViewers));
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          for (const sentence of error.errors) expect(sentence).toMatch(/[;:].*\.$/);
        }
      }),
    );
  });
});
