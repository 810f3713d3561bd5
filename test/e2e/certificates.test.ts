/** A certificate is replaced, by the operator and by renewal, under a viewer who goes on watching. */
import { X509Certificate } from 'node:crypto';
import { copyFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import { selectedPair } from '../../scripts/lib/peer-connections.ts';
import { findSslyze } from '../../scripts/lib/test-tools.ts';
import { AcmeAuthority, missingPebble } from '../support/acme-authority.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { Deployment } from '../support/deployment.ts';
import { measurePlayback, waitForFrame } from '../support/measure.ts';
import { connected, playFile } from '../support/player.ts';

const sslyze = await findSslyze();
const deployment = new Deployment('certs');
const file = (name: string): string => join(deployment.folder, name);
/** What the deployment's configuration names, whichever certificate it is at the time. */
const own = { maxViewers: 4, sslCertificate: file('served.pem'), sslCertificateKey: file('served-key.pem') };
let browser: TestBrowser;

/** Has the operator's files be another certificate. */
function serve(name: string): void {
  copyFileSync(file(`${name}.pem`), own.sslCertificate);
  copyFileSync(file(`${name}-key.pem`), own.sslCertificateKey);
}

/** Serial number of the certificate that a port serves. */
const served = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: deployment.host, port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });
const servedEverywhere = async () =>
  Promise.all([served(deployment.ports.playerPort), served(deployment.ports.turnTlsPort)]);

const startTimes = async () =>
  (
    await $({
      quiet: true,
    })`docker inspect --format {{.State.StartedAt}} ${['gateway', 'turn', 'web'].map((service) => `janus-deploy-${deployment.stack}-${service}`)}`
  ).stdout;

beforeAll(async () => {
  await deployment.prepare();
  await deployment.run('down');
  for (const name of ['first', 'second']) {
    await $({
      quiet: true,
    })`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj ${`/CN=${name}`} -addext subjectAltName=IP:127.0.0.1 -days 30 -keyout ${file(`${name}-key.pem`)} -out ${file(`${name}.pem`)}`;
  }
  serve('first');
  deployment.configure(own);
  await deployment.up();
  browser = await openBrowser({ certificateAuthority: file('first.pem') });
});
afterAll(async () => {
  await browser?.close();
  await deployment?.remove();
});

describe('a viewer who watches through TURN over TLS', () => {
  it('loses no frame while the operator’s certificate is replaced', async () => {
    const { page, context } = await browser.newPage({ ignoreHTTPSErrors: true });
    await page.route('**/turn-credentials', async (route) => {
      const response = await route.fetch();
      const { iceServers, ttl } = await response.json();
      const urls = iceServers[0].urls.filter((url: string) => url.startsWith('turns:'));
      await route.fulfill({ response, json: { iceServers: [{ ...iceServers[0], urls }], ttl } });
    });
    await page.goto(deployment.url('playerPort', '/player/?relay'));
    await connected(page);
    await playFile(page, 'sample.mp4');
    await waitForFrame(page, ({ film }) => film === 1);
    expect(await selectedPair(page)).toMatchObject({ relayProtocol: 'tls' });

    const before = await startTimes();
    serve('second');
    const [playback] = await Promise.all([measurePlayback(page, { seconds: 15 }), deployment.up()]);
    expect(playback.freezes).toEqual([]);
    expect(playback.fps).toBeGreaterThan(23);
    const { serialNumber } = new X509Certificate(await $({ quiet: true })`cat ${file('second.pem')}`.text());
    expect(await servedEverywhere()).toEqual([serialNumber, serialNumber]);
    expect(await startTimes()).toBe(before);
    await context.close();
  });
});

describe.skipIf('missing' in sslyze)('TLS, as sslyze sees it', () => {
  it('is as Mozilla recommends, for https and for TURN; the test’s authority alone is unknown', async () => {
    const { playerPort, apiHttpsPort, turnTlsPort } = deployment.ports;
    const servers = [playerPort, apiHttpsPort, turnTlsPort].map((port) => `${deployment.host}:${port}`);
    const path = 'path' in sslyze ? sslyze.path : '';
    const { stdout } = await $({
      quiet: true,
      nothrow: true,
    })`${path} --mozilla_config=intermediate ${servers}`;
    const compared = stdout.slice(stdout.indexOf('COMPLIANCE AGAINST'));
    for (const server of servers) expect(compared).toContain(`${server}: `);
    const complaints = [...compared.matchAll(/^ +\* (\w+):.*/gm)];
    expect(complaints.map(([, what]) => what)).toEqual(servers.map(() => 'certificate_path_validation'));
  });
});

describe.skipIf(missingPebble !== undefined)('an ACME authority', () => {
  const name = 'media.example.org';
  let authority: AcmeAuthority;
  const run = (...words: string[]) =>
    $({
      quiet: true,
      nothrow: true,
      cwd: deployment.folder,
      env: deployment.environment,
    })`${authority.asking} node scripts/run.mjs ${words} --stack ${deployment.stack}`;

  beforeAll(async () => {
    const host = (await $({ quiet: true })`hostname -I`).stdout.split(' ')[0];
    const port = deployment.ports.playerPort + 100;
    const acmePort = port + 10;
    // What an earlier run was given would not be due.
    rmSync(join(dirname(deployment.authority), 'acme'), { recursive: true, force: true });
    authority = await new AcmeAuthority(host, port).start(acmePort);
    deployment.configure({
      maxViewers: 4,
      acmeName: name,
      acmeServer: authority.url,
      acmeRoots: authority.roots,
      acmePort,
    });
  });
  afterAll(() => authority?.[Symbol.asyncDispose]());

  it.each([
    ['A', '192.0.2.99'],
    ['AAAA', '2001:db8::99'],
  ] as const)('is not asked while an %s record leads elsewhere, and nothing is touched', async (kind, address) => {
    const before = await servedEverywhere();
    await authority.setRecord(kind, name, address);
    const refused = await run('up');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(
      new RegExp(`${name} (also )?leads to ${address}, which is not this deployment`),
    );
    expect(await servedEverywhere()).toEqual(before);
    await authority.setRecord(kind, name);
  });

  it('gives a certificate that every port serves, and another when it is renewed', async () => {
    const before = await startTimes();
    const first = await run('certs', 'renew');
    expect(first.exitCode, first.stderr).toBe(0);
    const [player, turn] = await servedEverywhere();
    expect(player).toBe(turn);
    expect((await run('certs', 'renew')).stdout).toMatch(/valid to .*\n.*Deployed: \d+ unchanged/);
    expect((await run('certs', 'renew', '--force')).exitCode).toBe(0);
    const [renewed, turnToo] = await servedEverywhere();
    expect(renewed).not.toBe(player);
    expect(turnToo).toBe(renewed);
    expect(await startTimes()).toBe(before);
  });
});
