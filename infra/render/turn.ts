/** The TURN server's configuration, and what browsers are told of it. Pure. */
import type { ServiceName } from '../plan/container.ts';
import { firstIpv4, type Plan } from '../plan/plan.ts';

/** Texts of the TURN server's files, by the names that the plan lists. */
export const renderTurnFiles = (plan: Plan, secret: string): Record<string, string> => ({
  'turnserver.conf': renderTurn(plan, secret),
  'relay-guard': renderRelayGuard(plan),
});

/** Three ways to the server, over each of a viewer's networks, by IPv4 and IPv6, tried at the same time. */
const allocationsPerViewer = 12;

/** Of one allocation, both directions: several times the film of the highest bitrate that browsers play well. */
const bytesPerSecond = 8_000_000;

/** Text of turnserver.conf; `secret` is what the web server signs viewers' credentials with. */
export function renderTurn(plan: Plan, secret: string): string {
  const { ports, network, advertised } = plan;
  const listening =
    network.mode === 'bridge' ? bridgeListeners(network.addresses, advertised) : hostListeners(plan);
  return `${[
    `realm=${plan.name}`,
    'fingerprint',
    'use-auth-secret',
    `static-auth-secret=${secret}`,
    `listening-port=${ports.turn}`,
    // For the healthcheck, which knows no other address, and a gateway on the machine's own network.
    'listening-ip=127.0.0.1',
    ...listening,
    `min-port=${ports.relay.first}`,
    `max-port=${ports.relay.last}`,
    // TLS ends at the web server, which hands plain TCP on.
    'no-tls',
    'no-dtls',
    'no-cli',
    'no-multicast-peers',
    'no-tcp-relay',
    'no-software-attribute',
    // Answers name no other address of this machine, and are not worth bouncing off it.
    'no-rfc5780',
    'no-stun-backward-compatibility',
    'response-origin-only-with-rfc5780',
    // Peers are the gateway's own addresses and nobody else; an allowed peer wins over a denied range.
    'denied-peer-ip=0.0.0.0-255.255.255.255',
    'denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ...plan.mediaAddresses.map((address) => `allowed-peer-ip=${address}`),
    `user-quota=${allocationsPerViewer}`,
    `total-quota=${plan.maxViewers * allocationsPerViewer}`,
    `max-bps=${bytesPerSecond}`,
    'stale-nonce=600',
    'log-file=stdout',
    'simple-log',
    'pidfile=/tmp/turnserver.pid',
    'userdb=/tmp/turndb',
  ].join('\n')}\n`;
}

/**
 * On a bridge network the gateway is a neighbour, and relays need no other address than the one it reaches them at.
 * Viewers know it by the advertised address alone: external-ip translates peers, too.
 */
const bridgeListeners = ({ turn, gateway }: Record<ServiceName, string>, advertised: string): string[] => [
  `listening-ip=${turn}`,
  `relay-ip=${turn}`,
  `external-ip=${advertised}/${gateway}`,
];

/**
 * On the machine's own network: the addresses viewers reach, and a loopback port for the TLS that the web server ends.
 * Where a router forwards an address that the machine does not have, relays are told by that.
 */
function hostListeners({ localAddresses, advertised, turnTcp }: Plan): string[] {
  const forwarded = localAddresses.includes(advertised)
    ? []
    : [`external-ip=${advertised}/${firstIpv4(localAddresses)}`];
  return [
    ...localAddresses.map((address) => `listening-ip=${address}`),
    ...localAddresses.map((address) => `relay-ip=${address}`),
    ...forwarded,
    `aux-server=127.0.0.1:${turnTcp.port}`,
  ];
}

/** Text of relay-guard: the ports that the TURN image's guard keeps relays to. */
export function renderRelayGuard({ ports: { relay, rtp } }: Plan): string {
  return `relays ${relay.first}-${relay.last}\npeers ${rtp.first}-${rtp.last}\n`;
}

/** Ways to the TURN server, in the order a browser should prefer; `{host}` is the host the page was loaded from. */
export function renderTurnUrls({ ports }: Plan): string {
  return JSON.stringify([
    `turn:{host}:${ports.turn}?transport=udp`,
    `turn:{host}:${ports.turn}?transport=tcp`,
    `turns:{host}:${ports.turnTls}?transport=tcp`,
  ]);
}
