/** What an old set-up says, in this project's options. Looks at files, changes none. */
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { type OptionKey, options } from '../../../infra/config/options.ts';
import { portsForViewers } from '../../../infra/plan/plan.ts';
import { profiles } from '../../../infra/plan/profiles.ts';
import type { Mount, OldService, OldSetUp, PublishedPort } from './compose.ts';

export interface Migration {
  /** Values for the env file, by name. */
  env: Record<string, string>;
  /** Values for the stack's config file, by option. */
  stack: Partial<Record<OptionKey, string>>;
  /** What is left to a person, each a sentence. */
  notes: string[];
  /** Names of the old containers. */
  containers: string[];
}

const envNames = Object.values(options).flatMap(({ env }) => env ?? []);

/** Translates all that has a counterpart; says of the rest what to do. */
export function translate(setUp: OldSetUp): Migration {
  const services = Object.values(setUp.services);
  const janus = services.find(({ name }) => /janus/i.test(name) && !/^ue|demo|play/i.test(name));
  const migration: Migration = {
    env: {},
    stack: {},
    notes: [],
    containers: services.flatMap(({ container }) => container ?? []),
  };
  takeEnvironment(migration, setUp, services);
  takeCertificate(migration, services);
  takeNetwork(migration, janus, services);
  takeMedia(migration, janus);
  for (const { name } of services.filter((service) => roleOf(service) === undefined)) {
    migration.notes.push(
      `Service ${name} has no counterpart here; keep running it on its own if you need it.`,
    );
  }
  return migration;
}

type Role = 'janus' | 'turn' | 'player' | 'demos';

/** By the services' names, which all versions of the set-up have in common. */
function roleOf({ name }: OldService): Role | undefined {
  if (/turn/i.test(name)) return 'turn';
  if (/demo/i.test(name)) return 'demos';
  if (/^ue|play|nginx|web/i.test(name)) return 'player';
  return /janus/i.test(name) ? 'janus' : undefined;
}

/** Values that say what is so here in any case. */
const understood: Record<string, RegExp> = {
  NGINX_WEB_BASE_URL: /^\/?player\/?$/,
  VUE_APP_BASE_URL: /^\/?player\/?$/,
};

function takeEnvironment({ env, notes }: Migration, setUp: OldSetUp, services: OldService[]): void {
  const args = services.flatMap(({ buildArgs }) =>
    Object.entries(buildArgs).map(([name, value]) => [name.toUpperCase(), value]),
  );
  const all: Record<string, string> = Object.assign(
    {},
    setUp.env,
    Object.fromEntries(args),
    ...services.map(({ environment }) => environment),
  );
  const unknown: string[] = [];
  for (const [name, value] of Object.entries(all)) {
    if (value === '' || understood[name]?.test(value)) continue;
    const option = Object.values(options).find((candidate) => candidate.env === name);
    if (option === undefined) unknown.push(name);
    else if (option.schema.safeParse(value).success) env[name] = value;
    else {
      notes.push(
        `${name} is ${JSON.stringify(value)}, which is left out; accepted here: ${option.accepted}.`,
      );
    }
  }
  if (unknown.length > 0) {
    notes.push(
      `${unknown.join(', ')} ${unknown.length > 1 ? 'are' : 'is'} left out: accepted here: ${envNames.join(', ')}.`,
    );
  }
}

/** Where a path of a container lies on the machine. */
function onMachine(path: string, mounts: Mount[]): Mount['source'] | undefined {
  const inside = ({ target }: Mount) => path === target || path.startsWith(`${target.replace(/\/$/, '')}/`);
  const mount = mounts.filter(inside).sort((a, b) => b.target.length - a.target.length)[0];
  if (mount === undefined || 'volume' in mount.source) return mount?.source;
  return { path: posix.join(mount.source.path, posix.relative(mount.target, path)) };
}

/** The paths are those in the containers; here they are the machine's. */
function takeCertificate({ env, notes }: Migration, services: OldService[]): void {
  const names = ['ssl_certificate', 'ssl_certificate_key'].filter((name) => env[name]);
  const mounts = services.flatMap((service) => service.mounts);
  const problems = names.flatMap((name) => {
    const path = env[name];
    const source = onMachine(path, mounts) ?? (existsSync(path) ? { path } : undefined);
    if (source === undefined) {
      return [
        `${name} is ${path} in the container, and no volume leads there; set it to the file’s path on this machine.`,
      ];
    }
    if ('volume' in source) {
      return [
        `${name} is ${path} in volume ${source.volume}; copy it out with \`docker cp\` and set the path of the copy.`,
      ];
    }
    env[name] = source.path;
    return existsSync(source.path)
      ? []
      : [`${name} would be ${source.path}, which is not there; set it to the file’s path on this machine.`];
  });
  if (problems.length === 0) return;
  notes.push(...problems);
  // One without the other is refused.
  for (const name of names) delete env[name];
}

/** Which option a port of a container is here. */
const portOptions: Record<Role, Record<number, OptionKey>> = {
  player: { 443: 'playerPort', 8443: 'playerPort' },
  demos: { 443: 'demosPort', 8444: 'demosPort' },
  janus: { 8088: 'apiHttpPort', 8089: 'apiHttpsPort' },
  turn: { 3478: 'turnPort', 5349: 'turnTlsPort' },
};

function takeNetwork(migration: Migration, janus: OldService | undefined, services: OldService[]): void {
  const { stack, notes } = migration;
  const mode = janus?.networkMode;
  if (mode === 'host') stack.network = 'host';
  else if (janus !== undefined && (mode === undefined || mode === 'bridge')) stack.network = 'bridge';
  else if (mode !== undefined) {
    notes.push(`network_mode ${mode} of ${janus?.name} has no counterpart; network stays auto.`);
  }
  for (const service of services) {
    const role = roleOf(service);
    if (role === undefined || service.networkMode === 'host') continue;
    for (const port of service.ports) takePort(migration, role, service, port);
  }
}

function takePort({ stack, notes }: Migration, role: Role, service: OldService, port: PublishedPort): void {
  const { host, container, protocol } = port;
  if (host === undefined) return;
  if (protocol === 'udp' && host.last > host.first) {
    if (role === 'janus') takeMediaPorts({ stack, notes }, host);
    return;
  }
  const key = portOptions[role][container];
  if (key === undefined) {
    notes.push(
      `Port ${host.first} of ${service.name} is left out: ${container === 80 ? 'player and demos are served over https alone' : 'nothing listens there here'}.`,
    );
  } else if (String(host.first) !== options[key].default) stack[key] = String(host.first);
}

/** As many of the old media ports as are outside of the kernel's and the relays' ranges. */
function takeMediaPorts(
  { stack, notes }: Pick<Migration, 'stack' | 'notes'>,
  host: { first: number; last: number },
): void {
  const [relayFirst] = options.relayPorts.default.split('-').map(Number);
  const { first: ephemeral } = profiles.linux.ephemeralPorts;
  const limit = host.first < relayFirst ? relayFirst : ephemeral;
  const last = Math.min(host.last, limit - 1);
  const needed = portsForViewers(1);
  const found = `${host.first}-${host.last}`;
  if (last - host.first + 1 < needed) {
    notes.push(
      `Media ports ${found} are left out: they are too few or the kernel’s own; rtpPorts stays ${options.rtpPorts.default}.`,
    );
    return;
  }
  stack.rtpPorts = `${host.first}-${last}`;
  if (last < host.last)
    notes.push(`Of the media ports ${found}, those up to ${last} are used; the rest are others’.`);
  const viewers = Math.floor((last - host.first + 1 - 10) / 1.25);
  if (viewers < Number(options.maxViewers.default)) {
    stack.maxViewers = String(viewers);
    notes.push(
      `${last - host.first + 1} media ports are enough for ${viewers} viewers; widen rtpPorts and maxViewers for more.`,
    );
  }
}

function takeMedia({ stack, notes }: Migration, janus: OldService | undefined): void {
  for (const { source, target } of janus?.mounts ?? []) {
    if (/plugin/i.test(target)) {
      notes.push(
        `Sources of your own in ${'path' in source ? source.path : source.volume} are not taken over; plugins are built from janus-plugins/ here.`,
      );
    } else if (!/media|film|video|stream|files/i.test(target)) continue;
    else if ('path' in source) stack.mediaFolder = source.path;
    else {
      notes.push(
        `The films are in volume ${source.volume}; copy them with \`docker cp ${janus?.container ?? janus?.name}:${target}/. media/\`.`,
      );
    }
  }
}
