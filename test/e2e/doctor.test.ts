/** `npm run doctor` on a real deployment, whole and broken, and `npm run up -- --verify`. */
import { webcrypto } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// The certificate library needs it, and needs it first.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { $, type ProcessOutput, which } from 'zx';
import { type Report, reportSchema } from '../../scripts/lib/doctor/finding.ts';
import { Deployment } from '../support/deployment.ts';
import { DistantViewer } from '../support/distant-viewer.ts';

const deployment = new Deployment('doctor');
const config = { access: 'token', maxViewers: 4 };
const container = (service: string) => `janus-deploy-${deployment.stack}-${service}`;

/** The report, after its form was looked at; of an engine that can also be another. */
async function examine(environment: NodeJS.ProcessEnv = {}, entering: string[] = []) {
  const ended = await $({
    quiet: true,
    nothrow: true,
    cwd: deployment.folder,
    env: { ...deployment.environment, ...environment },
  })`${entering} ${process.execPath} scripts/doctor.ts --json --stack ${deployment.stack}`;
  expect(ended.stderr).toBe('');
  const report = reportSchema.parse(JSON.parse(ended.stdout));
  expect(ended.exitCode).toBe(report.severity === 'error' ? 1 : 0);
  return report;
}

/** What is said of one subject, each with its severity. */
const said = ({ findings }: Report, subject: string): string =>
  findings
    .filter((finding) => finding.subject === subject)
    .map(({ severity, what }) => `${severity}: ${what}`)
    .join('\n');

const day = 24 * 3600 * 1000;

/** A certificate for a public name and its key, valid between two days from now. */
async function writeCertificate(name: string, { from, to }: { from: number; to: number }): Promise<void> {
  const keys = (await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=other',
    notBefore: new Date(Date.now() + from * day),
    notAfter: new Date(Date.now() + to * day),
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'media.example.org' }])],
  });
  writeFileSync(`${name}.pem`, certificate.toString('pem'));
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  writeFileSync(`${name}-key.pem`, x509.PemConverter.encode(key, 'PRIVATE KEY'));
}

beforeAll(async () => {
  deployment.configure(config);
  await deployment.prepare();
  await deployment.run('down');
});
afterAll(() => deployment.remove());

describe('before a deployment, npm run doctor', () => {
  it('looks at the machine, and names who has a port', async () => {
    const server = createServer().listen(deployment.ports.demosPort, '0.0.0.0');
    try {
      const report = await examine();
      expect(report.deployed).toBe(false);
      expect(said(report, 'ports')).toMatch(
        new RegExp(
          `^error: TCP port ${deployment.ports.demosPort} \\(demos\\) is taken by .*process ${process.pid}`,
        ),
      );
      for (const subject of ['engine', 'machine', 'disk', 'address', 'images']) {
        expect(said(report, subject), subject).toMatch(/^ok: /);
      }
      expect(said(report, 'clock')).toContain('ok: The engine’s machine and this machine agree on the time');
      expect(said(report, 'services') + said(report, 'playback')).toBe('');
    } finally {
      server.close();
    }
  });

  it('says what is wrong with the configuration, and that no engine answers', async () => {
    deployment.configure({ ...config, maxViewer: 4 });
    expect((await examine()).findings).toEqual([
      expect.objectContaining({
        subject: 'configuration',
        severity: 'error',
        what: expect.stringMatching(/maxViewer is not a known stack config key$/),
        remedy: 'did you mean maxViewers?',
      }),
    ]);
    deployment.configure(config);
    const report = await examine({ DOCKER_HOST: 'tcp://127.0.0.1:1' });
    expect(said(report, 'engine')).toMatch(/^error: No container engine answers/);
  });
});

describe('npm run up -- --verify', () => {
  let ended: ProcessOutput;
  // Images may have to be built, which takes longer than a test may.
  beforeAll(async () => {
    ended = await deployment.run('up', '--verify');
  });

  it('plays a film in the end, with a token of its own', () => {
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(ended.stdout).toMatch(/verify\s+sample\.mp4 plays in a browser: \d\d frames in 3 s/);
  });

  it('fails when nothing plays, with what to do', async () => {
    const ended = await $({
      quiet: true,
      nothrow: true,
      cwd: deployment.folder,
      env: { ...deployment.environment, CHROMIUM: '/nowhere/chromium' },
    })`${process.execPath} scripts/up.ts --verify --stack ${deployment.stack}`;
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(/\/nowhere\/chromium does not start: .*; install a Chromium that starts/s);
  });
});

describe('of a deployment, npm run doctor', () => {
  it('finds nothing wrong: films are seen and heard, every relay is given', async () => {
    const report = await examine();
    expect(report.deployed).toBe(true);
    expect(report.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(said(report, 'services')).toMatch(/ok: Janus \S+ with janus\.plugin\.tms\.play \S+/);
    expect(said(report, 'turn').match(/ok: turns?:\S+ gives a relay to the gateway/g)).toHaveLength(3);
    expect(said(report, 'playback')).toMatch(
      /ok: sample\.mp4 plays in a browser: \d\d frames in 3 s\nok: Its sound is heard\nok: \d+ of \d+ packets were lost\nok: Media came directly/,
    );
  });

  it('counts packets where there is no browser', async () => {
    const programs = mkdtempSync(join(tmpdir(), 'janus-deploy-doctor-'));
    try {
      for (const name of ['bash', 'docker', 'npm', 'sh'])
        symlinkSync(await which(name), join(programs, name));
      const report = await examine({ CHROMIUM: '', PATH: programs });
      expect(said(report, 'playback')).toMatch(
        /^ok: sample\.mp4: \d+ packets of picture and \d+ of sound in 3 s\nunknown: No Chromium/,
      );
      expect(said(report, 'playback')).toMatch(/ok: 0 of \d+ packets were lost\nok: Media came directly/);
    } finally {
      rmSync(programs, { recursive: true });
    }
  });

  it('sees what a firewall does: media through TURN, then not at all', async () => {
    const { ports } = deployment;
    const rtp = ports.rtpPorts.replace('-', ':');
    await using viewer = await new DistantViewer().start();
    await viewer.drop('udp', rtp);
    const relayed = await examine({}, viewer.entering);
    expect(said(relayed, 'firewall')).toMatch(
      new RegExp(
        `^error: The firewall drops UDP ports ${ports.rtpPorts} \\(RTP\\): -A INPUT .*--dport ${rtp} -j DROP`,
      ),
    );
    expect(said(relayed, 'playback')).toMatch(/warning: Media came through TURN over /);

    await viewer.drop('udp', String(ports.turnPort));
    await viewer.drop('tcp', String(ports.turnPort));
    await viewer.drop('tcp', String(ports.turnTlsPort));
    const closed = await examine({}, viewer.entering);
    expect(said(closed, 'turn')).toContain(
      `error: The TURN server does not answer on UDP port ${ports.turnPort}`,
    );
    expect(said(closed, 'turn').match(/error: turns?:\S+ does not answer/g)).toHaveLength(3);
    expect(said(closed, 'playback')).toMatch(/^error: The player does not play sample\.mp4: .*no way/);
  });

  it('compares it with what is configured: certificate, address, films', async () => {
    const file = (name: string) => join(deployment.folder, name);
    await writeCertificate(file('other'), { from: -80, to: 5 });
    mkdirSync(file('films'), { recursive: true });
    writeFileSync(file('films/lost.mp4'), '');
    deployment.configure({
      ...config,
      advertisedAddress: '203.0.113.9',
      mediaFolder: 'films',
      sslCertificate: 'other.pem',
      sslCertificateKey: 'other-key.pem',
    });
    const report = await examine();
    expect(said(report, 'certificate')).toMatch(/^warning: The certificate .*other\.pem ends in \d days?/);
    expect(said(report, 'name')).toMatch(/^warning: media\.example\.org /);
    expect(said(report, 'services')).toMatch(/error: The player at .* serves another certificate/);
    expect(said(report, 'address')).toMatch(
      /^warning: advertisedAddress 203\.0\.113\.9 is not one of .*\nerror: Media is to be offered at 203\.0\.113\.9, /,
    );
    expect(said(report, 'playback')).toMatch(/^error: None of .*lost\.mp4: the gateway does not find it/);

    await writeCertificate(file('other'), { from: -80, to: -1 });
    const files = { sslCertificate: 'other.pem', sslCertificateKey: 'other-key.pem' };
    deployment.configure({ ...config, ...files, mediaFolder: 'nowhere' });
    const worse = await examine();
    expect(said(worse, 'certificate')).toMatch(/^error: .*other\.pem expired on /);
    expect(said(worse, 'playback')).toMatch(/^error: /);
    deployment.configure(config);
  });

  it('names the services that do not run, and tells of nothing that only follows', async () => {
    await $({ quiet: true })`docker stop --time 1 ${container('turn')} ${container('gateway')}`;
    const report = await examine();
    expect(said(report, 'services')).toMatch(
      /^error: The container of turn is exited .*\nerror: The container of gateway is exited .*\nok: \d addresses/,
    );
    expect(said(report, 'turn')).toBe('');
    expect(said(report, 'playback')).toMatch(/^unknown: Nothing was played/);
    await $({ quiet: true })`docker stop --time 1 ${container('web')}`;
    expect(said(await examine(), 'services')).toContain('error: The container of web is exited');
  });
});
