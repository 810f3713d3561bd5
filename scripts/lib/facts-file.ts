/** Facts of an engine that is not asked now: a profile's, or those that were read from one and saved. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError } from '../../infra/config/config.ts';
import type { EngineFacts } from '../../infra/plan/facts.ts';
import { profiles } from '../../infra/plan/profiles.ts';

const port = z.int().min(1).max(65535);
const subnet = z.union([z.cidrv4(), z.cidrv6()]);
const schema: z.ZodType<EngineFacts> = z.object({
  version: z.string(),
  operatingSystem: z.enum(['linux', 'windows']),
  rootless: z.boolean(),
  virtualMachine: z.boolean(),
  cores: z.int().positive(),
  memory: z.int().positive(),
  addresses: z.array(z.union([z.ipv4(), z.ipv6()])),
  networks: z.array(z.object({ name: z.string(), subnets: z.array(subnet) })),
  routes: z.array(subnet),
  ephemeralPorts: z.object({ first: port, last: port }),
});

/**
 * The facts that `from` names, a profile or a JSON file.
 * @throws ConfigError with everything that is wrong with the file.
 */
export function loadFacts(from: string): EngineFacts {
  if (from in profiles) return profiles[from as keyof typeof profiles];
  const parsed = schema.safeParse(readJson(from));
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    parsed.error.issues.map(
      ({ path, message }) => `${from}: ${path.join('.') || 'the file'}: ${message}; save the facts again.`,
    ),
  );
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError([
      `--facts is ${file}, which cannot be read (${(error as Error).message}); accepted: ${Object.keys(profiles).join(', ')}, or a file made by --save-facts.`,
    ]);
  }
}
