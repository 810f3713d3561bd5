/**
 * Every option an operator may set, declared once. The stack config keys, the env file names, the defaults, the
 * checks, the error messages and the documentation table all come from this declaration.
 */
import { z } from 'zod';

/** One option: `schema` reads the text an operator writes and returns the typed value. */
export interface Option<T = unknown> {
  /** Name in the env file, where existing deployments have one. */
  env?: string;
  schema: z.ZodType<T, string>;
  /** The default as an operator would write it. */
  default: string;
  /** What is accepted, as the end of the sentence "accepted: …". */
  accepted: string;
  /** One line of help for the documentation. */
  help: string;
}

/** First and last port of a range, both included. */
export interface PortRange {
  first: number;
  last: number;
}

const text = z.string();
const oneOf = <const V extends [string, ...string[]]>(...values: V) => z.enum(values);
const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .refine((value) => value >= min && value <= max);
const boolean = oneOf('true', 'false').transform((value) => value === 'true');
const ipv4 = z.union([z.literal('auto'), z.ipv4()]);
const hostAndPort = z.union([z.literal(''), text.regex(/^[A-Za-z0-9.-]+:([1-9]\d{0,4})$/)]);
const sshUrl = z.union([z.literal(''), text.regex(/^ssh:\/\/([^\s/@:]+@)?[A-Za-z0-9._-]+(:[1-9]\d{0,4})?$/)]);
const stateUrl = z.union([z.literal(''), text.regex(/^(file|s3|gs|azblob|https):\/\/\S+$/)]);
const serverUrl = z.union([z.literal(''), text.regex(/^(https?:\/\/|\/)\S+$/)]);
const origins = text
  .transform((value) => value.split(/[\s,]+/).filter(Boolean))
  .refine((values) =>
    values.every((value) => /^https?:\/\/([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?$/i.test(value)),
  )
  // As browsers send them: in small letters, without a port that goes without saying.
  .refine((values) => values.every((value) => URL.canParse(value)))
  .transform((values) => values.map((value) => new URL(value).origin));
const port = integer(1, 65535);
const optionalPort = z.union([z.literal('').transform(() => undefined), port]);
const portRange = text
  .regex(/^\d{1,5}-\d{1,5}$/)
  .transform((value): PortRange => {
    const [first, last] = value.split('-').map(Number);
    return { first, last };
  })
  .refine(({ first, last }) => first >= 1024 && last <= 65535 && first <= last);

const option = <T>(declared: Option<T>): Option<T> => declared;
const portOption = (fallback: number, help: string, env?: string) =>
  option({ env, schema: port, default: String(fallback), accepted: 'a port from 1 to 65535', help });

/** The options by their stack config key (`janus-deploy:<key>`). */
export const options = {
  envFile: option({
    schema: text,
    default: 'local.env',
    accepted: 'the path of a file of NAME=value lines',
    help: 'Env file with the names below; relative to the project folder, may be absent if not set',
  }),
  production: option({
    schema: boolean,
    default: 'false',
    accepted: 'true or false',
    help: 'Serve the player alone: no demos, no plugin but ours, no sample media, no substitution that is not allowed',
  }),
  allowSubstitutes: option({
    schema: boolean,
    default: 'false',
    accepted: 'true or false',
    help: 'Let a production stack do with a home-made base image, built toolchain, distribution’s Janus or generated certificate',
  }),
  access: option({
    schema: z.union([z.literal('').transform(() => undefined), oneOf('open', 'token')]),
    default: '',
    accepted: 'open or token; a production stack has to say which',
    help: 'Who may watch: open is everybody who reaches the ports, token who holds one made by `npm run token` (open if not set)',
  }),
  dockerHost: option({
    schema: sshUrl,
    default: '',
    accepted: 'ssh://user@host:port, where user and port may be left out, or nothing',
    help: 'Engine to deploy on, reached by ssh; without it the one that the docker command reaches',
  }),
  stateBackend: option({
    schema: stateUrl,
    default: '',
    accepted:
      'a URL of Pulumi’s, such as file:///srv/states, s3://bucket?… or https://api.pulumi.com, or nothing',
    help: 'Where Pulumi keeps the state, so that several machines can deploy; without it a folder of this machine',
  }),
  network: option({
    schema: oneOf('auto', 'host', 'bridge'),
    default: 'auto',
    accepted: 'auto, host or bridge',
    help: 'Container network; auto is host on a rootful Linux engine and bridge elsewhere',
  }),
  advertisedAddress: option({
    schema: ipv4,
    default: 'auto',
    accepted: 'auto or an IPv4 address',
    help: 'Address that viewers send media to; auto takes the engine’s first own address, on its default route if there is one',
  }),
  stunServer: option({
    env: 'stun_server',
    schema: hostAndPort,
    default: '',
    accepted: 'host:port, coturn:3478 for this deployment’s own TURN server, or nothing',
    help: 'STUN server the gateway asks for its public address',
  }),
  debugLevel: option({
    env: 'debug_level',
    schema: integer(0, 7),
    default: '4',
    accepted: 'a whole number from 0 (silent) to 7 (everything)',
    help: 'How much the gateway logs',
  }),
  sslCertificate: option({
    env: 'ssl_certificate',
    schema: text,
    default: '',
    accepted: 'the path of a PEM file with the certificate and its chain',
    help: 'Certificate chain for https and TURN over TLS; without it a local certificate authority makes one',
  }),
  sslCertificateKey: option({
    env: 'ssl_certificate_key',
    schema: text,
    default: '',
    accepted: 'the path of a PEM file with the private key',
    help: 'Private key of `sslCertificate`',
  }),
  acmeName: option({
    schema: z.union([z.literal(''), text.regex(/^([a-z0-9-]+\.)+[a-z0-9-]+$/i)]),
    default: '',
    accepted: 'a host name such as media.example.org, or nothing',
    help: 'Public name of this machine to get a certificate for from an ACME authority, instead of `sslCertificate`',
  }),
  acmeServer: option({
    schema: text.regex(/^https:\/\/\S+$/),
    default: 'https://acme-v02.api.letsencrypt.org/directory',
    accepted: 'the https URL of an ACME directory',
    help: 'ACME authority',
  }),
  acmeRoots: option({
    schema: text,
    default: '',
    accepted: 'the path of a PEM file',
    help: 'Certificates to trust the ACME authority by, if it is one of your own',
  }),
  acmePort: portOption(80, 'TCP port on which the ACME authority’s question is answered while it asks'),
  mediaFolder: option({
    schema: text,
    default: 'media',
    accepted: 'the path of a folder',
    help: 'Folder whose films and sound files can be played; relative to the project folder. With `dockerHost` an absolute path is a folder there, and any other stands for a volume there, which `npm run media -- push` fills from it',
  }),
  audioCacheSize: option({
    schema: integer(0, 1000000),
    default: '1024',
    accepted: 'a whole number of MiB up to 1000000; 0 for no cache',
    help: 'Disk space on the engine’s machine for sound that the gateway has transcoded, which need not be done again',
  }),
  coreDumps: option({
    schema: boolean,
    default: 'false',
    accepted: 'true or false',
    help: 'Keep what the gateway had in memory when it crashed, keys among it: the last three times, in a volume. The engine’s machine needs a `kernel.core_pattern` without a folder, which is not changed from here',
  }),
  maxViewers: option({
    schema: integer(1, 10000),
    default: '20',
    accepted: 'a whole number from 1 to 10000 (bridge network: to 100)',
    help: 'Viewers at the same time, from which ranges and limits are derived',
  }),
  playerPort: portOption(8443, 'https port of the player, at /player'),
  demosPort: portOption(8444, 'https port of the Janus demos'),
  apiHttpPort: portOption(8088, 'http port of the Janus API, at /janus'),
  apiHttpsPort: portOption(8089, 'https port of the Janus API, at /janus'),
  turnPort: portOption(3478, 'TURN and STUN port, UDP and TCP'),
  turnTlsPort: portOption(5349, 'TURN over TLS port'),
  gatewayPort: portOption(18088, 'Loopback port between web server and gateway (host network)'),
  turnLoopbackPort: portOption(13478, 'Loopback port between web server and TURN server (host network)'),
  metricsPort: portOption(
    9464,
    'Private port of the metrics for Prometheus: on loopback, or inside the bridge network alone',
  ),
  monitoring: option({
    schema: boolean,
    default: 'false',
    accepted: 'true or false',
    help: 'Deploy Prometheus, with alerts, and Grafana where its image can be had; both are reached from the engine’s machine alone',
  }),
  prometheusPort: portOption(9090, 'Loopback port of Prometheus (`monitoring`)'),
  grafanaPort: portOption(3000, 'Loopback port of Grafana (`monitoring`)'),
  rtpPorts: option({
    schema: portRange,
    default: '20000-20499',
    accepted: 'first-last, from 1024 to 65535',
    help: 'UDP ports the gateway sends media from; bridge network publishes only as many as `maxViewers` needs',
  }),
  relayPorts: option({
    schema: portRange,
    default: '21000-21499',
    accepted: 'first-last, from 1024 to 65535',
    help: 'UDP ports of the TURN server’s relays',
  }),
  janus: option({
    schema: oneOf('auto', '0.9.1', 'distribution'),
    default: 'auto',
    accepted: 'auto, 0.9.1 or distribution',
    help: 'Janus built from the pinned source (0.9.1), or the distribution’s package; auto prefers 0.9.1',
  }),
  janusArchive: option({
    schema: text,
    default: '',
    accepted: 'the path or the URL of the Janus 0.9.1 source archive',
    help: 'Pinned Janus source: a path is taken before the download cache, a URL instead of upstream',
  }),
  baseImage: option({
    schema: text,
    default: 'auto',
    accepted: 'auto or the name of a Debian 12 image',
    help: 'Image all others are built on; auto is debian:bookworm-slim, or a home-made one where that cannot be pulled',
  }),
  janusAddress: option({
    env: 'VUE_APP_JANUS_ADDRESS',
    schema: text,
    default: '',
    accepted: 'a host name or an address',
    help: 'Host of the Janus API for the player, where it is not the page’s own origin',
  }),
  janusHttpPort: option({
    env: 'VUE_APP_JANUS_HTTP_PORT',
    schema: optionalPort,
    default: '',
    accepted: 'a port from 1 to 65535',
    help: 'Port of the Janus API for a player loaded over http (8088 if only the host is set)',
  }),
  janusHttpsPort: option({
    env: 'VUE_APP_JANUS_HTTPS_PORT',
    schema: optionalPort,
    default: '',
    accepted: 'a port from 1 to 65535',
    help: 'Port of the Janus API for a player loaded over https (8089 if only the host is set)',
  }),
  janusHttpServer: option({
    env: 'VUE_APP_JANUS_HTTP_SERVER',
    schema: serverUrl,
    default: '',
    accepted: 'an http or https URL, or an absolute path',
    help: 'Full URL of the Janus API for the player; wins over the three above',
  }),
  embed: option({
    schema: origins,
    default: '',
    accepted: 'origins such as https://www.example.org, separated by spaces or commas, or nothing',
    help: 'Pages that may have the player in them, in a frame or as the element `<janus-play>`',
  }),
} satisfies Record<string, Option>;

export type OptionKey = keyof typeof options;

/** What the operator asked for, typed and complete. */
export type Config = { [K in OptionKey]: z.output<(typeof options)[K]['schema']> };
