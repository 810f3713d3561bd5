/** A machine and what there is to build from, as most have it. */
import { type Config, parseConfig } from '../../infra/config/config.ts';
import type { BuildFacts, EngineFacts } from '../../infra/plan/facts.ts';

export const linux: EngineFacts = {
  version: '20.10.24',
  operatingSystem: 'linux',
  rootless: false,
  virtualMachine: false,
  cores: 2,
  memory: 8 * 2 ** 30,
  addresses: ['192.0.2.2', '2001:db8::2'],
  ephemeralPorts: { first: 32768, last: 60999 },
};

/** Nothing is substituted. */
export const official: BuildFacts = {
  baseImage: { name: 'debian:bookworm-slim' },
  janusSource: { available: true },
  toolchain: { name: 'official' },
  certificate: { name: 'operator' },
};

/** The configuration of a stack that sets these keys. */
export const configOf = (values: Record<string, string> = {}): Config =>
  parseConfig({
    stack: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { value, where: 'test' }])),
    env: {},
  });
