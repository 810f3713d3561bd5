/** From what the operator wrote to a typed configuration, or to every error at once. Pure. */
import { type Config, type OptionKey, options } from './options.ts';

export type { Config };

/** A text as it was found, with where it was found ("local.env line 3"). */
export interface Setting {
  value: string;
  where: string;
}

/** What the operator wrote: stack config by key, env file by name. */
export interface Settings {
  stack: Record<string, Setting>;
  env: Record<string, Setting>;
}

/** All that is wrong with a configuration; the message lists every error on a line of its own. */
export class ConfigError extends Error {
  readonly errors: readonly string[];
  constructor(errors: readonly string[]) {
    super(errors.join('\n'));
    this.name = 'ConfigError';
    this.errors = errors;
  }
}

const keys = Object.keys(options) as OptionKey[];
const envNames = keys.flatMap((key) => options[key].env ?? []);

/**
 * Reads the settings: stack config wins over the env file, which wins over the defaults.
 * @throws ConfigError with one sentence per mistake.
 */
export function parseConfig({ stack, env }: Settings): Config {
  const errors = [
    ...unknownNames(stack, keys, 'stack config key'),
    ...unknownNames(env, envNames, 'env file name'),
  ];
  const config: Record<string, unknown> = {};
  // An empty text in stack config is a key that is declared and not set.
  const where = (key: OptionKey) => (stack[key]?.value ? stack[key] : env[options[key].env ?? '']);
  for (const key of keys) {
    const { schema, default: fallback, accepted } = options[key];
    const setting = where(key);
    const parsed = schema.safeParse(setting?.value ?? fallback);
    if (parsed.success) config[key] = parsed.data;
    else
      errors.push(`${setting?.where}: ${key} is ${JSON.stringify(setting?.value)}; accepted: ${accepted}.`);
  }
  if (errors.length > 0) throw new ConfigError(errors);
  const checked = config as Config;
  errors.push(...contradictions(checked, (key) => where(key)?.where ?? `default of ${key}`));
  if (errors.length > 0) throw new ConfigError(errors);
  return checked;
}

function unknownNames(found: Record<string, Setting>, known: readonly string[], kind: string): string[] {
  return Object.entries(found)
    .filter(([name]) => !known.includes(name))
    .map(([name, { where }]) => {
      const near = known.find((candidate) => distance(candidate.toLowerCase(), name.toLowerCase()) <= 2);
      const advice = near === undefined ? `accepted: ${known.join(', ')}` : `did you mean ${near}?`;
      return `${where}: ${name} is not a known ${kind}; ${advice}`;
    });
}

/** Edit distance of two short names (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}

const servicePorts = [
  'playerPort',
  'demosPort',
  'apiHttpPort',
  'apiHttpsPort',
  'turnPort',
  'turnTlsPort',
  'gatewayPort',
  'turnLoopbackPort',
  'metricsPort',
] as const;
const monitorPorts = ['prometheusPort', 'grafanaPort'] as const;

/** Values that are right by themselves and wrong together. */
function contradictions(config: Config, where: (key: OptionKey) => string): string[] {
  const errors: string[] = [];
  const [certificate, key] = [config.sslCertificate, config.sslCertificateKey];
  if ((certificate === '') !== (key === '')) {
    const [set, missing] =
      key === ''
        ? (['sslCertificate', 'sslCertificateKey'] as const)
        : (['sslCertificateKey', 'sslCertificate'] as const);
    errors.push(
      `${where(set)}: ${set} is set without ${missing}; set both, or neither for a generated certificate.`,
    );
  }
  if (certificate !== '' && config.acmeName !== '') {
    errors.push(
      `${where('acmeName')}: acmeName is set beside sslCertificate (${where('sslCertificate')}); set one of them.`,
    );
  }
  if (config.acmeName !== '' && config.dockerHost !== '') {
    errors.push(
      `${where('acmeName')}: acmeName is set with dockerHost (${where('dockerHost')}), whose machine it cannot be asked for from here; get a certificate there and set sslCertificate and sslCertificateKey.`,
    );
  }
  const ports = [...servicePorts, ...(config.monitoring ? monitorPorts : [])];
  for (const [i, a] of ports.entries()) {
    for (const b of ports.slice(i + 1)) {
      if (config[a] === config[b]) {
        errors.push(
          `${where(b)}: ${b} is ${config[b]}, which ${a} (${where(a)}) has already; set different ports.`,
        );
      }
    }
  }
  if (config.production && config.access === undefined) {
    errors.push(
      `${where('production')}: production is true and access is not set; set access: token to let in who holds a token (npm run token), or access: open to let in everybody who reaches the ports.`,
    );
  }
  const { rtpPorts, relayPorts } = config;
  if (rtpPorts.first <= relayPorts.last && relayPorts.first <= rtpPorts.last) {
    errors.push(
      `${where('relayPorts')}: relayPorts ${relayPorts.first}-${relayPorts.last} overlaps rtpPorts ${rtpPorts.first}-${rtpPorts.last}; set ranges that share no port.`,
    );
  }
  return errors;
}
