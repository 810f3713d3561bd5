/** A machine and what there is to build from, as most have it, and configurations for them. */
import { type Config, parseConfig } from '../../infra/config/config.ts';
import { officialBuild, profiles } from '../../infra/plan/profiles.ts';

export const linux = profiles.linux;
export const official = officialBuild;

/** The configuration of a stack that sets these keys. */
export const configOf = (values: Record<string, string> = {}): Config =>
  parseConfig({
    stack: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { value, where: 'test' }])),
    env: {},
  });
