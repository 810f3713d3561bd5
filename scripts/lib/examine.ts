/** Looks at a deployment, and at where one is to be, from all sides. */

import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { relative } from 'node:path';
import { type Config, ConfigError } from '../../infra/config/config.ts';
import { type MonitorName, mediaMount, type ServiceName } from '../../infra/plan/container.ts';
import type { EngineFacts } from '../../infra/plan/facts.ts';
import { makePlan, type Plan } from '../../infra/plan/plan.ts';
import { officialBuild } from '../../infra/plan/profiles.ts';
import { findBaseImage } from './base-image.ts';
import { certificateFiles, checkCertificate, checkChain } from './certificates.ts';
import { readNetworkClock } from './clock.ts';
import { $ } from './command.ts';
import { readContainers } from './containers.ts';
import { readDisks } from './disk.ts';
import { addressFindings } from './doctor/address.ts';
import { type CertificateFacts, certificateFindings } from './doctor/certificate.ts';
import { clockFindings } from './doctor/clock.ts';
import { diskFindings } from './doctor/disk.ts';
import {
  about,
  advisedFor,
  type Finding,
  fromSentence,
  ofSeverity,
  type Report,
  type Subject,
  sentence,
  subjects,
  worst,
} from './doctor/finding.ts';
import { firewallFindings } from './doctor/firewall.ts';
import { imageFindings } from './doctor/images.ts';
import { engineFindings, machineFindings } from './doctor/machine.ts';
import { nameFinding } from './doctor/names.ts';
import { playbackFindings } from './doctor/playback.ts';
import { portFindings } from './doctor/ports.ts';
import {
  answerFindings,
  type ContainerFacts,
  containerFindings,
  gatewayFindings,
  readGatewayInfo,
} from './doctor/services.ts';
import { turnFindings } from './doctor/turn.ts';
import { engineProblem, readEngineFacts } from './engine.ts';
import { readFirewall } from './firewall.ts';
import { findGrafana } from './grafana.ts';
import { answeringHost, engineIsHere, readHost, readUserlandProxy } from './machine.ts';
import { listMedia, wrongMedia } from './media-store.ts';
import { lookUp } from './names.ts';
import { projectFolder } from './paths.ts';
import { listeners } from './ports.ts';
import { askOutsideStun } from './preflight.ts';
import { playAFilm } from './proof/play.ts';
import { tryRelays } from './relays.ts';
import { stackConfig, stackFile } from './settings.ts';
import { askServices } from './smoke.ts';
import { reachEngine } from './ssh.ts';
import { Failure } from './steps.ts';
import { stunAnswers } from './stun.ts';
import { signToken } from './token.ts';

/** What a stack's findings are made from. */
interface Place {
  stack: string;
  config: Config;
  base: { name: string; created: Date };
  engine: EngineFacts;
  plan: Plan;
  /** Undefined where nothing of the stack is on the engine. */
  containers?: ContainerFacts[];
}

/** All that is found; what is not deployed yet is looked at as far as it can be. */
export async function examine(stack: string): Promise<Report> {
  const time = new Date().toISOString();
  const report = (deployed: boolean, found: Finding[]): Report => {
    const findings = subjects
      .flatMap((subject) => found.filter((finding) => finding.subject === subject))
      .map((finding) => advisedFor(stack, finding));
    return { stack, time, deployed, severity: worst(findings), findings };
  };
  const config = readConfiguration(stack);
  if (Array.isArray(config)) return report(false, config);
  const place = await findPlace(stack, config);
  if (Array.isArray(place)) return report(false, [...configurationFindings(stack, config), ...place]);
  const found = await Promise.all([
    configurationFindings(stack, config),
    surviving('machine', groundFindings(place)),
    surviving('address', reachFindings(place)),
    place.containers ? surviving('services', serviceFindings(place, place.containers)) : [],
  ]);
  return report(place.containers !== undefined, found.flat());
}

/** What cannot be looked at is a finding like any other, and keeps nobody from looking at the rest. */
const surviving = (subject: Subject, looking: Promise<Finding[]>): Promise<Finding[]> =>
  looking.catch((error: Error) => [
    fromSentence(subject, error.message, 'what comes after that could not be looked at'),
  ]);

function readConfiguration(stack: string): Config | Finding[] {
  try {
    return stackConfig(stack);
  } catch (error) {
    return refused(error);
  }
}

/** The sentences of what keeps a configuration from being deployed. */
function refused(error: unknown): Finding[] {
  if (!(error instanceof ConfigError)) throw error;
  return error.errors.map((text) => fromSentence('configuration', text, '`npm run up` refuses it'));
}

function configurationFindings(stack: string, config: Config): Finding[] {
  const wrong = wrongMedia(config).map((text) =>
    fromSentence('configuration', text, 'there is nothing to play'),
  );
  if (wrong.length > 0) return wrong;
  return [
    about('configuration').ok(`${relative(projectFolder, stackFile(stack))} and the env file have no errors`),
  ];
}

/** Engine, base image and plan; or why they cannot be had. */
async function findPlace(stack: string, config: Config): Promise<Place | Finding[]> {
  await reachEngine(config.dockerHost);
  const silent = await engineProblem();
  if (silent !== undefined) return [fromSentence('engine', silent, 'containers run on it')];
  const image = await findBaseImage(config.baseImage).catch(() => undefined);
  const created =
    image &&
    (await $({ quiet: true, nothrow: true })`docker image inspect --format {{.Created}} ${image.name}`);
  if (!image || created?.exitCode !== 0) {
    return [
      ...imageFindings(undefined, new Date()),
      about('engine').unknown(
        'The engine’s machine is looked at by a container, and there is no image for one yet',
      ),
    ];
  }
  const base = { name: image.name, created: new Date(created.stdout.trim()) };
  const engine = await readEngineFacts(base.name);
  try {
    // What there is to build from is no matter here.
    const build = { ...officialBuild, baseImage: { name: base.name }, grafana: await findGrafana() };
    const plan = makePlan(stack, config, engine, build);
    const containers = await readContainers(plan.name, monitorsOf(plan));
    return { stack, config, base, engine, plan, containers };
  } catch (error) {
    return refused(error);
  }
}

/** What should look at the deployment. */
function monitorsOf({ monitoring }: Plan): MonitorName[] {
  if (monitoring === undefined) return [];
  return 'image' in monitoring.grafana ? ['prometheus', 'grafana'] : ['prometheus'];
}

/** Of engine and machine. */
async function groundFindings({ engine, plan, base, config }: Place): Promise<Finding[]> {
  const [host, network, disks, held, firewall, stun] = await Promise.all([
    readHost(base.name),
    readNetworkClock(),
    readDisks(base.name),
    listeners(base.name),
    readFirewall(),
    askOutsideStun(plan, config),
  ]);
  return [
    ...engineFindings(engine, plan),
    ...machineFindings(host.machine, plan, readUserlandProxy()),
    ...diskFindings(disks),
    ...clockFindings({ engine: host.clockAhead, network }),
    ...portFindings(plan, held),
    ...firewallFindings(plan, firewall),
    ...imageFindings(base, new Date()),
    ...stun,
  ];
}

/** Of addresses, names and the certificate for them. */
async function reachFindings({ config, engine, plan, containers }: Place): Promise<Finding[]> {
  const certificate = readCertificate(config);
  const own = [plan.advertised, ...engine.addresses];
  const names = await Promise.all(publicNames(config, certificate?.names ?? []).map(lookUp));
  const hosts = {
    operator: [],
    acme: [config.acmeName],
    generated: [plan.advertised],
  };
  return [
    ...addressFindings(plan, engine, containers && (await readDeployedAddresses(plan))),
    ...names.map((facts) => nameFinding(facts, own, facts.name === config.acmeName)),
    ...(certificate
      ? certificateFindings(certificate, hosts[certificate.origin], new Date())
      : [about('certificate').ok('There is none yet; `npm run up` gets or makes one')]),
  ];
}

/** Undefined where it is still to be got or made. */
function readCertificate(config: Config): CertificateFacts | undefined {
  const { chain, key } = certificateFiles(config);
  const origin = config.acmeName !== '' ? 'acme' : config.sslCertificate !== '' ? 'operator' : 'generated';
  if (origin !== 'operator' && !existsSync(chain)) return undefined;
  const problems = [...checkCertificate(chain, key), ...(origin === 'operator' ? checkChain(chain) : [])];
  const facts = {
    origin,
    file: chain,
    problems,
    names: [],
    validFrom: new Date(0),
    validTo: new Date(0),
  } as const;
  if (problems.length > 0) return { ...facts, problems, names: [] };
  const { subjectAltName = '', validFrom, validTo } = new X509Certificate(readFileSync(chain));
  const names = subjectAltName.split(', ').map(readName);
  return { ...facts, problems, names, validFrom: new Date(validFrom), validTo: new Date(validTo) };
}

/** A name of a certificate; an IPv6 address is written there without its abbreviation. */
function readName(entry: string): string {
  const name = entry.replace(/^(DNS|IP Address):/, '');
  return isIP(name) === 6 ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name;
}

/** Names that viewers may call the server by: a generated certificate has those of this machine alone. */
function publicNames({ acmeName, sslCertificate }: Config, certificateNames: string[]): string[] {
  const certified = sslCertificate === '' ? [] : certificateNames;
  const names = certified.filter((name) => !isIP(name) && !name.startsWith('*.') && name.includes('.'));
  return [...new Set([...(acmeName === '' ? [] : [acmeName]), ...names])];
}

/** What a file of a running service says; empty where it cannot be read. */
async function readFile(plan: Plan, service: ServiceName, file: string): Promise<string> {
  const path = `/config/current/${file}`;
  return (await $({ quiet: true, nothrow: true })`docker exec ${plan.name}-${service} cat ${path}`).stdout;
}

/** The gateway's addresses, as the running TURN server was told them; undefined where it does not run. */
async function readDeployedAddresses(plan: Plan): Promise<string[] | undefined> {
  const text = await readFile(plan, 'turn', 'turnserver.conf');
  const named = text.matchAll(/^(?:external|allowed-peer)-ip=([^/\n]+)/gm);
  const addresses = [...named].map(([, address]) => address);
  return addresses.length > 0 ? addresses : undefined;
}

/** Of what runs, from a viewer's side. What a service that does not run brings about is not told again. */
async function serviceFindings(place: Place, containers: ContainerFacts[]): Promise<Finding[]> {
  const { config } = place;
  const { host, origin } = await viewersWay(place);
  const runs = (service: ServiceName) =>
    containers.some((container) => container.service === service && container.state === 'running');
  if (!runs('web')) return containerFindings(containers);
  const [answers, turn] = await Promise.all([
    askServices(config, host),
    runs('turn') ? relayFindings(place, host, origin) : [],
  ]);
  const expected = configuredFingerprint(config);
  const info = answers.find(({ url }) => url.endsWith('/janus/info'))?.got;
  return [
    ...containerFindings(containers),
    ...answerFindings(
      answers.filter(({ url }) => runs('gateway') || !url.endsWith('/janus/info')),
      expected,
    ),
    ...turn,
    ...(info && 'body' in info && info.status === 200
      ? [...gatewayFindings(readGatewayInfo(info.body)), ...(await surviving('playback', playback(place)))]
      : [about('playback').unknown('Nothing was played, as the gateway does not answer')]),
  ];
}

/** Fingerprint of the certificate that should be served; undefined where its file cannot be used. */
function configuredFingerprint(config: Config): string | undefined {
  try {
    return new X509Certificate(readFileSync(certificateFiles(config).chain)).fingerprint256;
  } catch {
    return undefined;
  }
}

async function relayFindings({ config, plan }: Place, host: string, origin: string): Promise<Finding[]> {
  const [stun, relays] = await Promise.all([
    stunAnswers(host, config.turnPort),
    makeToken(plan).then((token) => tryRelays(origin, plan.advertised, token)),
  ]);
  return turnFindings(stun, config.turnPort, relays);
}

async function playback(place: Place): Promise<Finding[]> {
  const { config, plan } = place;
  const { origin } = await viewersWay(place);
  const [token, certificate] = await Promise.all([
    makeToken(plan),
    readFile(plan, 'web', 'tls/fullchain.pem'),
  ]);
  return playbackFindings(
    await playAFilm(
      { origin, certificate, token },
      await listMedia(mediaMount(plan.name, config), plan.baseImage),
    ),
  );
}

/**
 * Plays three seconds of a film of a deployment.
 * @returns what was seen and heard, for the step's line
 * @throws Failure with what went wrong and what to do
 */
export async function verify(stack: string, config: Config): Promise<string> {
  const place = await findPlace(stack, config);
  const found = Array.isArray(place) ? place : await playback(place);
  const findings = found.map((finding) => advisedFor(stack, finding));
  const errors = ofSeverity(findings, 'error');
  if (errors.length > 0) throw new Failure(errors.map(sentence).join('\n'));
  const warnings = ofSeverity(findings, 'warning').map((warning) => `\n  Warning: ${sentence(warning)}`);
  return [ofSeverity(findings, 'ok')[0].what, ...warnings].join('');
}

/**
 * Where viewers find the server. Not where a router forwards from: its own address often does not lead back inside, so
 * the machine's is taken.
 */
async function viewersWay({ config, plan, engine }: Place): Promise<{ host: string; origin: string }> {
  const inside = engine.addresses.includes(plan.advertised) || !engineIsHere();
  const host = inside && config.dockerHost === '' ? plan.advertised : await answeringHost(config);
  return { host, origin: `https://${host}:${config.playerPort}` };
}

/** Seconds that the doctor's own token holds. */
const lookingTime = 600;

/** A token to play everything, where the deployment asks for one. */
async function makeToken(plan: Plan): Promise<string | undefined> {
  if (plan.access === 'open') return undefined;
  const secret = (await readFile(plan, 'web', 'token-secret')).trim();
  if (secret === '') return undefined;
  return signToken({ media: ['/'], expires: Math.floor(Date.now() / 1000) + lookingTime }, secret);
}
