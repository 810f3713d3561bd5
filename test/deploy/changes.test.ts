/** What each change does to a real deployment, compared with the table in docs/changes.md. */
import { appendFileSync, chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { $ } from 'zx';
import { effects, type ServiceName, serviceNames } from '../../infra/plan/container.ts';
import { buildGatewayImage } from '../../scripts/lib/gateway-image.ts';
import { changesTable } from '../support/changes-table.ts';
import { Deployment, mediaFolder } from '../support/deployment.ts';
import { missing091 } from '../support/flavours.ts';

const deployment = new Deployment('changes');
const { ports } = deployment;
const file = (name: string): string => join(deployment.folder, name);
const container = (service: ServiceName): string => `janus-deploy-${deployment.stack}-${service}`;

/** A certificate and its key of the operator's. */
async function makeCertificate(): Promise<void> {
  await $({
    quiet: true,
  })`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=test -addext subjectAltName=IP:127.0.0.1 -days 30 -keyout ${file('own-key.pem')} -out ${file('own.pem')}`;
}

let config: Record<string, string | number> = {
  maxViewers: 4,
  sslCertificate: file('own.pem'),
  sslCertificateKey: file('own-key.pem'),
  mediaFolder: file('films'),
};
const set = (more: typeof config) => () => {
  config = { ...config, ...more };
  deployment.configure(config);
};
const addFilm = (folder: string) =>
  copyFileSync(join(mediaFolder, 'sample.wav'), join(file(folder), 'more.wav'));

/** Changes that are made at once, by their names in the table: each round is one update. */
const rounds: Record<string, () => void | Promise<void>>[] = [
  {
    debugLevel: set({ debugLevel: 6 }),
    'a media file is added': () => addFilm('films'),
    janusHttpServer: set({ janusHttpServer: 'https://media.example.org/janus' }),
    "the certificate's content": makeCertificate,
    'the TURN secret': () => undefined,
  },
  {
    stunServer: set({ stunServer: 'coturn:3478' }),
    playerPort: set({ playerPort: ports.playerPort + 10 }),
    gatewayPort: set({ gatewayPort: ports.gatewayPort + 10 }),
  },
  {
    rtpPorts: set({ rtpPorts: ports.rtpPorts.replace(/\d\d$/, '00') }),
    turnPort: set({ turnPort: ports.turnPort + 10, stunServer: '' }),
  },
  {
    mediaFolder: () => {
      addFilm('other');
      set({ mediaFolder: file('other') })();
    },
    // Where there is but one version, that is not tested.
    ...(missing091 === undefined && { 'the version of Janus': set({ janus: 'distribution' }) }),
  },
  {
    "the plugin's source": () =>
      appendFileSync(
        file('janus-plugins/play/src/plugin.c'),
        '\n__attribute__((used, visibility("default"))) const char janus_changed[] = "by a test";\n',
      ),
    "the player's pages": () => appendFileSync(file('player-dist/index.html'), '<!-- by a test -->\n'),
  },
  { maxViewers: set({ maxViewers: 8 }) },
];

/** What a new container, a new start and a reload each change. */
async function trace(service: ServiceName) {
  const [{ Id, State }] = JSON.parse((await $({ quiet: true })`docker inspect ${container(service)}`).stdout);
  const reads = {
    // The workers that nginx began with the files.
    web: 'cat /proc/"$(cat /tmp/nginx.pid)"/task/*/children',
    gateway: `secret=$(sed -nE 's/^.*admin_secret = "(.*)"$/\\1/p' /config/current/janus.jcfg)
      janus-admin <<< '{"janus":"get_status","transaction":"x","admin_secret":"'"$secret"'"}' | grep -o '"log_level":[0-9]*'`,
    turn: 'true',
  };
  const read = await $({ quiet: true })`docker exec ${container(service)} bash -c ${reads[service]}`;
  return { id: Id as string, started: State.StartedAt as string, read: read.stdout };
}
type Trace = Awaited<ReturnType<typeof trace>>;
const traces = async () =>
  Object.fromEntries(await Promise.all(serviceNames.map(async (name) => [name, await trace(name)] as const)));

function whatHappened(before: Trace, after: Trace): string | undefined {
  if (after.id !== before.id) return 'replace';
  if (after.started !== before.started) return 'restart';
  return after.read === before.read ? undefined : 'reload';
}

/** The strongest effect on each service of all that is changed in a round. */
function expected(changes: string[]): Record<string, string | undefined> {
  return Object.fromEntries(
    serviceNames.map((service) => [
      service,
      effects.findLast((effect) => changes.some((change) => changesTable[change][service] === effect)),
    ]),
  );
}

beforeAll(async () => {
  await deployment.prepare();
  await deployment.run('down');
  for (const folder of ['films', 'other']) {
    mkdirSync(file(folder));
    copyFileSync(join(mediaFolder, 'sample.mp4'), join(file(folder), 'sample.mp4'));
  }
  chmodSync(deployment.folder, 0o755);
  await makeCertificate();
  deployment.configure(config);
  await deployment.up();
  // The other version is made here, where it may take its time; the engine keeps the parts.
  if (missing091 === undefined) await buildGatewayImage('distribution');
});
afterAll(() => deployment.remove());

it('every change of the table is made', () => {
  const made = [
    ...rounds.flatMap((round) => Object.keys(round)),
    ...(missing091 ? ['the version of Janus'] : []),
  ];
  expect(made.sort()).toEqual(Object.keys(changesTable).sort());
});

it.each(
  rounds.map((round) => [Object.keys(round).join(', '), round] as const),
)('does what the table says: %s', async (_, round) => {
  const before = await traces();
  for (const change of Object.values(round)) await change();
  const ended = 'the TURN secret' in round ? await newTurnSecret() : await deployment.run('up');
  expect(ended.exitCode, ended.stdout + ended.stderr).toBe(0);
  const after = await traces();
  const happened = serviceNames.map((service) => [service, whatHappened(before[service], after[service])]);
  expect(Object.fromEntries(happened)).toEqual(expected(Object.keys(round)));
});

const newTurnSecret = () =>
  $({
    quiet: true,
    nothrow: true,
    cwd: deployment.folder,
    env: { ...deployment.environment, JANUS_DEPLOY_STACK: deployment.stack },
  })`node scripts/run.mjs pulumi up --yes --skip-preview --replace ${'**turn-secret'}`;
