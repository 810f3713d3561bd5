/** Machines as most people have them, for plans that are made without asking an engine. Pure. */
import type { BuildFacts, EngineFacts } from './facts.ts';

const linux: EngineFacts = {
  version: '20.10.24',
  operatingSystem: 'linux',
  rootless: false,
  virtualMachine: false,
  cores: 2,
  memory: 8 * 2 ** 30,
  // Of the ranges that are reserved for documentation: nobody's.
  addresses: ['192.0.2.2', '2001:db8::2'],
  networks: [{ name: 'bridge', subnets: ['172.17.0.0/16'] }],
  routes: ['192.0.2.0/24', '172.17.0.0/16'],
  ephemeralPorts: { first: 32768, last: 60999 },
};

/** Engines by the name that `npm run plan -- --facts NAME` takes. */
export const profiles = {
  linux,
  rootless: { ...linux, rootless: true },
  /** Docker Desktop on macOS or Windows: Linux in a virtual machine of its own. */
  desktop: { ...linux, version: '28.3.2', virtualMachine: true, addresses: ['192.0.2.2'] },
} satisfies Record<string, EngineFacts>;

/** Nothing is substituted. */
export const officialBuild: BuildFacts = {
  baseImage: { name: 'debian:bookworm-slim' },
  grafana: { image: 'grafana/grafana' },
  janusSource: { available: true },
  toolchain: { name: 'official' },
  certificate: { name: 'the operator’s' },
};
