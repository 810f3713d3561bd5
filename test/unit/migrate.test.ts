/** Old docker-compose set-ups as they are found, and what of them is taken over. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { $, type ProcessOutput } from 'zx';
import { setEnv, setStack } from '../../scripts/lib/migrate/apply.ts';
import { readSetUp } from '../../scripts/lib/migrate/compose.ts';
import { translate } from '../../scripts/lib/migrate/translate.ts';
import { copyCheckout } from '../support/checkout.ts';

/** The main file, as all old set-ups have it; what differs from one to another is in the override. */
const compose = `
version: '3.7'
services:
  coturn:
    build: ./coturn
    container_name: tms-janus-coturn-ubuntu
  janus:
    build:
      context: ./janus-9
    image: tms/janus:0.9.1
    container_name: tms-janus_0.9.1
    volumes:
      - ./tms-plugins:/usr/src/janus-plugins
    depends_on:
      - coturn
  ue_player:
    build:
      context: ./ue_player
      args:
        vue_app_base_url: player
        vue_app_janus_https_port: 9089
    container_name: tms-janus-ue_player
    environment:
      - NGINX_WEB_BASE_URL=/player
  ue_demo:
    build: ./ue_demo
    container_name: tms-janus-ue_demo
`;

/** On a server, on the machine's own network, with a certificate and films in folders. */
const onServer = {
  'docker-compose.9.yml': compose,
  'docker-compose.override.yml': `
services:
  janus:
    network_mode: host
    env_file:
      - ./local.env
    volumes:
      - ./certs:/usr/local/etc/ssl:ro
      - type: bind
        source: ./films
        target: /opt/janus/share/media
  coturn:
    network_mode: host
  ue_player:
    ports: ['8443:443']
    volumes: ['./certs:/usr/local/etc/ssl']
    env_file: ./local.env
  ue_demo:
    ports: ['\${DEMO_PORT:-9444}:443', '8081:80']
`,
  'local.env':
    'ssl_certificate=/usr/local/etc/ssl/server.crt\nssl_certificate_key=/usr/local/etc/ssl/server.key\nstun_server=stun.example.org:3478\ndebug_level=5\n',
  'certs/server.crt': '',
  'certs/server.key': '',
};

/** On a laptop with Docker Desktop: published ports, a named volume, no certificate. */
const onLaptop = {
  'docker-compose.yml': compose,
  'docker-compose.override.yml': `
services:
  janus:
    ports:
      - 8088:8088
      - 127.0.0.1:9089:8089
      - 10000-10019:10000-10019/udp
    environment:
      stun_server: coturn:3478
      rtp_port_range: 10000-10019
    volumes:
      - films:/opt/janus/share/media
  coturn:
    ports: ['3479:3478', '3479:3478/udp']
  ffmpeg:
    build: ./ffmpeg
volumes:
  films:
`,
  'local.env': 'debug_level=loud\n',
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'janus-deploy-old-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function lay(files: Record<string, string>): string {
  const old = join(folder, 'old');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(old, name)), { recursive: true });
    writeFileSync(join(old, name), text);
  }
  return old;
}

const migrated = (files: Record<string, string>) => translate(readSetUp(lay(files)));

describe('a set-up on a server', () => {
  it('keeps its network, certificate, films and ports', () => {
    const { env, stack, containers } = migrated(onServer);
    expect(env).toEqual({
      ssl_certificate: join(folder, 'old/certs/server.crt'),
      ssl_certificate_key: join(folder, 'old/certs/server.key'),
      stun_server: 'stun.example.org:3478',
      debug_level: '5',
      VUE_APP_JANUS_HTTPS_PORT: '9089',
    });
    expect(stack).toEqual({
      network: 'host',
      demosPort: '9444',
      mediaFolder: join(folder, 'old/films'),
    });
    expect(containers).toContain('tms-janus_0.9.1');
  });

  it('is told what has no counterpart', () => {
    expect(migrated(onServer).notes).toEqual([
      'Port 8081 of ue_demo is left out: player and demos are served over https alone.',
      expect.stringMatching(/^Sources of your own in \S+tms-plugins are not taken over/),
    ]);
  });

  it.each([
    ['no volume leads to it', { 'docker-compose.override.yml': '' }, /and no volume leads there/],
    [
      'it is in a volume of the engine',
      { 'docker-compose.override.yml': 'services: { janus: { volumes: ["tls:/usr/local/etc/ssl"] } }' },
      /in volume tls; copy it out/,
    ],
    [
      'the file is gone',
      { 'docker-compose.override.yml': 'services: { janus: { volumes: ["./gone:/usr/local/etc/ssl"] } }' },
      /would be \S+\/gone\/server\.crt, which is not there/,
    ],
  ])('leaves the certificate out when %s', (_, files, sentence) => {
    const { env, notes } = migrated({ ...onServer, ...files });
    expect(env.ssl_certificate).toBeUndefined();
    expect(env.ssl_certificate_key).toBeUndefined();
    expect(notes.join('\n')).toMatch(sentence);
  });
});

describe('a set-up on a laptop', () => {
  it('is a bridge with the ports that were published, and as many viewers as they carry', () => {
    const { env, stack } = migrated(onLaptop);
    expect(env).toEqual({ stun_server: 'coturn:3478', VUE_APP_JANUS_HTTPS_PORT: '9089' });
    expect(stack).toEqual({
      network: 'bridge',
      apiHttpsPort: '9089',
      turnPort: '3479',
      rtpPorts: '10000-10019',
      maxViewers: '8',
    });
  });

  it('is told how to copy the films, and what was left out and why', () => {
    const notes = migrated(onLaptop).notes.join('\n');
    expect(notes).toContain('docker cp tms-janus_0.9.1:/opt/janus/share/media/. media/');
    expect(notes).toContain('debug_level is "loud", which is left out; accepted here: a whole number from 0');
    expect(notes).toContain('rtp_port_range is left out');
    expect(notes).toContain('Service ffmpeg has no counterpart');
  });
});

it('takes the media ports that are neither the kernel’s nor the relays’', () => {
  const ports = (range: string) =>
    migrated({
      'docker-compose.yml': `services: { janus: { ports: ["${range}:${range}/udp"] } }`,
    });
  expect(ports('20000-40000').stack.rtpPorts).toBe('20000-20999');
  expect(ports('22000-40000').stack.rtpPorts).toBe('22000-32767');
  expect(ports('50000-50100').stack.rtpPorts).toBeUndefined();
});

it('refuses a folder without a set-up, and a file that cannot be read', () => {
  expect(() => readSetUp(folder)).toThrow(/has neither docker-compose\.yml nor local\.env/);
  writeFileSync(join(folder, 'docker-compose.yml'), 'services: [');
  expect(() => readSetUp(folder)).toThrow(/docker-compose\.yml cannot be read .*; mend it first\.$/);
});

it('keeps what else the files say, and tells values that would change', () => {
  expect(setEnv('# mine\ndebug_level=4\n', { debug_level: '5', stun_server: 'a:1' })).toEqual({
    text: '# mine\ndebug_level=5\nstun_server=a:1\n',
    conflicts: ['debug_level: 4 instead of 5'],
  });
  const stack = '# mine\nconfig:\n  janus-deploy:network: host # ours\n';
  expect(setStack(stack, { network: 'host', demosPort: '9444' })).toEqual({
    text: `${stack}  janus-deploy:demosPort: "9444"\n`,
    conflicts: [],
  });
});

describe('npm run migrate', () => {
  const run = (verb: string, ...args: string[]): Promise<ProcessOutput> =>
    $({
      cwd: join(folder, 'checkout'),
      quiet: true,
      nothrow: true,
      env: { ...process.env, NO_COLOR: '1' },
    })`${process.execPath} scripts/${verb}.ts ${args}`;

  it('writes only on yes, what `npm run plan` accepts, and overwrites nothing by itself', async () => {
    const checkout = join(folder, 'checkout');
    const old = lay(onServer);
    await copyCheckout(checkout);
    const before = readFileSync(join(checkout, 'Pulumi.dev.yaml'), 'utf8');

    const shown = await run('migrate', old);
    expect(shown.stdout).toContain('+debug_level=5');
    expect(shown.stdout).toContain('+  janus-deploy:demosPort: "9444"');
    expect(shown.stdout).toMatch(/Nothing was written\.\n$/);
    expect(readFileSync(join(checkout, 'Pulumi.dev.yaml'), 'utf8')).toBe(before);

    const written = await run('migrate', old, '--yes');
    expect(written.exitCode, written.stderr).toBe(0);
    expect((await run('migrate', old)).stdout).toContain('Nothing is to be written.');
    const plan = await run('plan');
    expect(plan.exitCode, plan.stderr).toBe(0);
    expect(plan.stdout).toContain('demos: 9444');
    expect(plan.stdout).toContain('debugLevel: 5');

    writeFileSync(join(checkout, 'local.env'), 'debug_level=7\n');
    const refused = await run('migrate', old, '--yes');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('debug_level: 7 instead of 5');
    expect(readFileSync(join(checkout, 'local.env'), 'utf8')).toBe('debug_level=7\n');
  });
});
