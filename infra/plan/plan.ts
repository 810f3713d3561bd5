/** All decisions, made once: what runs where, on which ports and addresses, with which files. Pure. */
import { type Config, ConfigError } from '../config/config.ts';
import type { PortRange } from '../config/options.ts';
import {
  type ContainerPlan,
  type Effect,
  type MonitorName,
  mediaMemory,
  planContainers,
  type ServiceName,
} from './container.ts';
import type { BuildFacts, EngineFacts } from './facts.ts';
import { candidateRange, chooseSubnet } from './subnet.ts';

export type JanusFlavour = '0.9.1' | 'distribution';

/** A port that a service takes on the machine. */
export interface PublishedPort {
  port: number;
  protocol: 'tcp' | 'udp';
  what: string;
}

/** Where a service can be reached from the others. */
export interface Endpoint {
  host: string;
  port: number;
}

/** What connects the services, and why it is that: on a bridge, its subnet and their fixed addresses in it. */
export type Network =
  | { mode: 'host'; why: string }
  | { mode: 'bridge'; why: string; subnet: string; addresses: Record<ServiceName | MonitorName, string> };

/** Prometheus and Grafana, where the services and nobody outside reach them. */
export interface Monitoring {
  prometheus: Endpoint;
  /** Without Grafana's image there is only the reason. */
  grafana: (Endpoint & { image: string }) | { why: string };
}

export interface Plan {
  /** Prefix of all names on the engine. */
  name: string;
  /** Engine that is reached by ssh (ssh://user@host:port); empty for the one that the docker command reaches. */
  dockerHost: string;
  flavour: JanusFlavour;
  baseImage: string;
  /** When security updates were last taken, ISO 8601: images are built anew after that. */
  refreshed?: string;
  production: boolean;
  /** Who may watch: everybody who reaches the ports, or who holds a signed token. */
  access: 'open' | 'token';
  network: Network;
  /** Address that viewers send media to. */
  advertised: string;
  /** How it was found. */
  advertisedWhy: string;
  /** The machine's own addresses; without the advertised one when a router forwards to them. */
  localAddresses: string[];
  /** Addresses at which the gateway receives media: the only peers of the TURN server. */
  mediaAddresses: string[];
  ports: {
    player: number;
    demos: number;
    apiHttp: number;
    apiHttps: number;
    turn: number;
    turnTls: number;
    rtp: PortRange;
    relay: PortRange;
  };
  gatewayApi: Endpoint;
  /** Where the web server's TLS stream hands TURN over TCP on to. */
  turnTcp: Endpoint;
  /** Where the web server gives out the metrics of all services. */
  metrics: Endpoint;
  /** What looks at the metrics, where it is asked for. */
  monitoring?: Monitoring;
  /** STUN server of the gateway, none when undefined. */
  stun?: Endpoint;
  debugLevel: number;
  maxViewers: number;
  /** Bytes of transcoded sound that the gateway keeps at most. */
  audioCacheBytes: number;
  /** How many files may be open at the same time, and how much of them in memory. */
  openFiles: number;
  mediaMemoryBytes: number;
  /** Janus event loops; 0.9.1 starts a thread per viewer without them. */
  eventLoops: number;
  player: { address: string; httpPort?: number; httpsPort?: number; server: string };
  /** Origins whose pages may have the player in them. */
  embed: string[];
  /** Ports taken on the machine, by service. */
  published: Record<ServiceName, PublishedPort[]>;
  /** What a change of each file does to its service. */
  files: Record<ServiceName, Record<string, Effect>>;
  containers: Record<ServiceName, ContainerPlan>;
  /** Deviations from the standard way, each a sentence. */
  substitutions: string[];
}

/** One UDP port a viewer (all media are bundled), and room for those that are just leaving. */
export const portsForViewers = (viewers: number): number => Math.ceil(viewers * 1.25) + 10;

/** Prefix of all names of a stack on the engine. */
export const deploymentName = (stack: string): string => `janus-deploy-${stack}`;

const bridgeViewers = 100;

/**
 * Decides the deployment of stack `stack`.
 * @throws ConfigError when what is asked for cannot be had on this engine.
 */
export function makePlan(stack: string, config: Config, engine: EngineFacts, build: BuildFacts): Plan {
  const errors: string[] = [];
  const name = deploymentName(stack);
  const { mode, why } = decideMode(config, engine);
  const bridge = mode === 'bridge';

  if (bridge && config.maxViewers > bridgeViewers) {
    errors.push(
      `maxViewers is ${config.maxViewers} on a bridge network; accepted: at most ${bridgeViewers}, as every published port costs a process; use network: host or lower it.`,
    );
  }
  const needed = portsForViewers(config.maxViewers);
  const available = config.rtpPorts.last - config.rtpPorts.first + 1;
  if (available < needed) {
    errors.push(
      `rtpPorts has ${available} ports; ${config.maxViewers} viewers need ${needed}; widen it or lower maxViewers.`,
    );
  }
  for (const [key, range] of [
    ['rtpPorts', config.rtpPorts],
    ['relayPorts', config.relayPorts],
  ] as const) {
    const { first, last } = engine.ephemeralPorts;
    if (range.first <= last && first <= range.last) {
      errors.push(
        `${key} ${range.first}-${range.last} overlaps the engine's ephemeral ports ${first}-${last}; set a range outside of them.`,
      );
    }
  }
  const advertised =
    config.advertisedAddress === 'auto' ? firstIpv4(engine.addresses) : config.advertisedAddress;
  if (advertised === undefined) {
    errors.push('The engine’s machine has no IPv4 address but loopback; set advertisedAddress.');
  }
  const network: Network | undefined = bridge
    ? bridgeNetwork(name, why, engine, errors)
    : { mode: 'host', why };
  const flavour = decideFlavour(config, build, errors);
  const substitutions = [
    build.toolchain.substitute,
    build.baseImage.substitute,
    flavour.substitute,
    build.certificate.substitute,
  ].filter((sentence) => sentence !== undefined);
  if (config.production && !config.allowSubstitutes) {
    errors.push(
      ...substitutions.map(
        (sentence) => `${sentence}; a production stack refuses this unless allowSubstitutes is true.`,
      ),
    );
  }
  if (errors.length > 0 || advertised === undefined || network === undefined) throw new ConfigError(errors);

  // On a bridge network every published port costs a process: no more than are needed.
  const rtp = bridge ? { ...config.rtpPorts, last: config.rtpPorts.first + needed - 1 } : config.rtpPorts;
  const neighbours = network.mode === 'bridge' ? network.addresses : undefined;

  return {
    name,
    dockerHost: config.dockerHost,
    flavour: flavour.name,
    baseImage: build.baseImage.name,
    refreshed: build.baseImage.refreshed,
    production: config.production,
    access: config.access ?? 'open',
    network,
    advertised,
    advertisedWhy:
      config.advertisedAddress === 'auto'
        ? 'the machine’s first address, as advertisedAddress is auto'
        : 'as advertisedAddress says',
    localAddresses: engine.addresses,
    mediaAddresses: neighbours ? [neighbours.gateway] : unique([advertised, ...engine.addresses]),
    ports: {
      player: config.playerPort,
      demos: config.demosPort,
      apiHttp: config.apiHttpPort,
      apiHttps: config.apiHttpsPort,
      turn: config.turnPort,
      turnTls: config.turnTlsPort,
      rtp,
      relay: config.relayPorts,
    },
    gatewayApi: { host: neighbours?.gateway ?? '127.0.0.1', port: config.gatewayPort },
    turnTcp: neighbours
      ? { host: neighbours.turn, port: config.turnPort }
      : { host: '127.0.0.1', port: config.turnLoopbackPort },
    metrics: { host: neighbours?.web ?? '127.0.0.1', port: config.metricsPort },
    monitoring: config.monitoring ? decideMonitoring(config, build, neighbours) : undefined,
    stun: decideStun(config, neighbours?.turn ?? '127.0.0.1'),
    debugLevel: config.debugLevel,
    maxViewers: config.maxViewers,
    audioCacheBytes: config.audioCacheSize * 2 ** 20,
    // Each viewer may watch another, and in a playlist have its successor open.
    openFiles: 2 * config.maxViewers,
    mediaMemoryBytes: mediaMemory(config.maxViewers) * 2 ** 20,
    eventLoops: Math.max(1, engine.cores),
    player: {
      address: config.janusAddress,
      httpPort: config.janusHttpPort,
      httpsPort: config.janusHttpsPort,
      server: config.janusHttpServer,
    },
    embed: config.embed,
    published: publishedPorts(
      config,
      rtp,
      // On a bridge network relays are reached from inside it alone.
      bridge ? undefined : config.relayPorts,
    ),
    files: {
      gateway: {
        'janus.jcfg': 'replace',
        'debug-level': 'reload',
        'janus.transport.http.jcfg': 'replace',
        'janus.transport.pfunix.jcfg': 'replace',
        'janus.plugin.tms.play.jcfg': 'replace',
        'janus.plugin.echotest.jcfg': 'replace',
        'janus.plugin.streaming.jcfg': 'replace',
      },
      turn: { 'turnserver.conf': 'replace', 'relay-guard': 'replace' },
      web: {
        'nginx.conf': 'reload',
        'player-config.js': 'reload',
        'turn-urls.json': 'reload',
        'turn-secret': 'reload',
        ...(config.access === 'token' && { 'token-secret': 'reload' as const }),
        'tls/fullchain.pem': 'reload',
        'tls/key.pem': 'reload',
      },
    },
    containers: planContainers(name, config),
    substitutions,
  };
}

/** Host names and addresses the generated certificate has to name. */
export function certificateNames(
  engine: Pick<EngineFacts, 'addresses'>,
  config: Config,
  hostName: string,
): string[] {
  const advertised = config.advertisedAddress === 'auto' ? [] : [config.advertisedAddress];
  return unique(['localhost', hostName, '127.0.0.1', '::1', ...advertised, ...engine.addresses]);
}

function decideMode(config: Config, engine: EngineFacts): Pick<Network, 'mode' | 'why'> {
  if (config.network !== 'auto') return { mode: config.network, why: 'asked for by the configuration' };
  if (engine.virtualMachine) return { mode: 'bridge', why: 'the engine runs in a virtual machine' };
  if (engine.rootless) return { mode: 'bridge', why: 'the engine is rootless' };
  return { mode: 'host', why: 'the engine is a rootful Linux engine' };
}

function bridgeNetwork(
  name: string,
  why: string,
  engine: EngineFacts,
  errors: string[],
): Network | undefined {
  const subnet = chooseSubnet(name, engine);
  if (subnet === undefined) {
    errors.push(
      `No subnet of ${candidateRange} is free for the bridge network; remove networks that nobody uses (docker network prune), or use network: host.`,
    );
    return undefined;
  }
  const host = (last: number) => subnet.replace(/\d+\/\d+$/, String(last));
  return {
    mode: 'bridge',
    why,
    subnet,
    addresses: { gateway: host(10), turn: host(11), web: host(12), prometheus: host(13), grafana: host(14) },
  };
}

function decideFlavour(
  config: Config,
  build: BuildFacts,
  errors: string[],
): { name: JanusFlavour; substitute?: string } {
  if (config.janus === 'distribution') {
    return { name: 'distribution', substitute: 'Janus is the distribution’s 1.1.2, as configured' };
  }
  if (build.janusSource.available) return { name: '0.9.1' };
  const { why } = build.janusSource;
  if (config.janus === '0.9.1') errors.push(`janus is 0.9.1, but its source is not at hand: ${why}.`);
  return { name: 'distribution', substitute: `Janus is the distribution’s 1.1.2 instead of 0.9.1: ${why}` };
}

function decideMonitoring(
  config: Config,
  { grafana }: BuildFacts,
  neighbours: Record<MonitorName, string> | undefined,
): Monitoring {
  const at = (name: MonitorName, port: number): Endpoint => ({
    host: neighbours?.[name] ?? '127.0.0.1',
    port,
  });
  return {
    prometheus: at('prometheus', config.prometheusPort),
    grafana: 'image' in grafana ? { ...at('grafana', config.grafanaPort), ...grafana } : grafana,
  };
}

/** `coturn:3478` is the name that existing deployments use for their own TURN server. */
function decideStun(config: Config, ownTurn: string): Endpoint | undefined {
  if (config.stunServer === '') return undefined;
  const [host, port] = config.stunServer.split(':');
  if (host === 'coturn') return { host: ownTurn, port: config.turnPort };
  return { host, port: Number(port) };
}

function publishedPorts(
  config: Config,
  rtp: PortRange,
  relay: PortRange | undefined,
): Record<ServiceName, PublishedPort[]> {
  const range = ({ first, last }: PortRange, what: string): PublishedPort[] =>
    Array.from({ length: last - first + 1 }, (_, i) => ({ port: first + i, protocol: 'udp', what }));
  return {
    gateway: range(rtp, 'RTP'),
    turn: [
      { port: config.turnPort, protocol: 'udp', what: 'TURN' },
      { port: config.turnPort, protocol: 'tcp', what: 'TURN' },
      ...(relay ? range(relay, 'TURN relay') : []),
    ],
    web: [
      { port: config.playerPort, protocol: 'tcp', what: 'player' },
      { port: config.demosPort, protocol: 'tcp', what: 'demos' },
      { port: config.apiHttpPort, protocol: 'tcp', what: 'Janus API over http' },
      { port: config.apiHttpsPort, protocol: 'tcp', what: 'Janus API over https' },
      { port: config.turnTlsPort, protocol: 'tcp', what: 'TURN over TLS' },
    ],
  };
}

/** The first IPv4 address of a list. */
export const firstIpv4 = (addresses: string[]): string | undefined =>
  addresses.find((address) => !address.includes(':'));

const unique = <T>(values: T[]): T[] => [...new Set(values)];
