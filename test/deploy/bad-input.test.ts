/** What cannot work is refused in words, all of it at once, before anything is touched. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import { Deployment } from '../support/deployment.ts';

const deployment = new Deployment('bad');

beforeAll(() => deployment.prepare());
afterEach(async () => expect(await deployment.onEngine()).toEqual([]));
afterAll(() => deployment.remove());

/** What `npm run up` says when it refuses a configuration. */
async function refusal(config: Record<string, string | number>): Promise<string> {
  deployment.configure(config);
  const ended = await deployment.run('up');
  expect(ended.exitCode).toBe(1);
  return ended.stderr;
}

/** A self-signed certificate and its key in the copy of the project. */
async function certificate(name: string): Promise<{ sslCertificate: string; sslCertificateKey: string }> {
  const [certificateFile, key] = [
    join(deployment.folder, `${name}.pem`),
    join(deployment.folder, `${name}-key.pem`),
  ];
  await $({
    quiet: true,
  })`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=${name} -days 30 -keyout ${key} -out ${certificateFile}`;
  return { sslCertificate: certificateFile, sslCertificateKey: key };
}

describe('npm run up refuses', () => {
  it('a key that belongs to another certificate, and a media folder that is a file', async () => {
    const [one, other] = [await certificate('one'), await certificate('other')];
    writeFileSync(join(deployment.folder, 'not-a-folder'), '');
    const said = await refusal({
      ...one,
      sslCertificateKey: other.sslCertificateKey,
      mediaFolder: 'not-a-folder',
    });
    expect(said).toMatch(/other-key\.pem is not the key of ssl_certificate .*one\.pem/);
    expect(said).toMatch(/not-a-folder is not a folder/);
  });

  it('a certificate that is no certificate and a key that is missing', async () => {
    writeFileSync(join(deployment.folder, 'text.pem'), 'hello');
    const said = await refusal({ sslCertificate: 'text.pem', sslCertificateKey: 'missing.pem' });
    expect(said).toMatch(/text\.pem holds no PEM certificate/);
    expect(said).toMatch(/missing\.pem cannot be read \(ENOENT\)/);
  });

  it('a port that another program has, and names it', async () => {
    const server = createServer().listen(deployment.ports.playerPort, '0.0.0.0');
    try {
      const said = await refusal({});
      expect(said).toContain(`TCP port ${deployment.ports.playerPort} (player) is taken by `);
      expect(said).toContain(`(process ${process.pid})`);
    } finally {
      server.close();
    }
  });

  it('an engine that cannot be reached', async () => {
    deployment.configure({});
    process.env.DOCKER_HOST = 'tcp://127.0.0.1:1';
    try {
      const { stderr, exitCode } = await deployment.run('up');
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(
        /No container engine answers \(.*127\.0\.0\.1:1.*\); start Docker, or set DOCKER_HOST/,
      );
    } finally {
      delete process.env.DOCKER_HOST;
    }
  });

  it('a disk that is nearly full', async () => {
    deployment.configure({});
    mkdirSync(deployment.environment.XDG_STATE_HOME as string, { recursive: true });
    await $({ quiet: true })`mount -t tmpfs -o size=20m tmpfs ${deployment.environment.XDG_STATE_HOME}`;
    try {
      const { stderr, exitCode } = await deployment.run('up');
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/The disk of .* has (1\d|20) MiB left; accepted: 200 or more; free some room\./);
    } finally {
      await $({ quiet: true })`umount ${deployment.environment.XDG_STATE_HOME}`;
    }
  });

  it('an env file with a misspelt name', async () => {
    mkdirSync(join(deployment.folder, 'conf'), { recursive: true });
    writeFileSync(join(deployment.folder, 'conf/site.env'), 'debug_level=3\nstun_sever=a.example:3478\n');
    const said = await refusal({ envFile: 'conf/site.env' });
    expect(said).toContain(
      'conf/site.env line 2: stun_sever is not a known env file name; did you mean stun_server?',
    );
  });

  it('substitutions on a production stack', async () => {
    const said = await refusal({ production: 'true', access: 'open', janus: 'distribution' });
    expect(said).toContain('Janus is the distribution’s 1.1.2, as configured; a production stack');
    expect(said).toContain('The certificate is from a local authority');
  });
});

describe('the Janus archive', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/wrong.tar.gz') response.end(gzipSync('not the source'));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it('with another hash is refused', async () => {
    const wrong = join(deployment.folder, 'wrong.tar.gz');
    writeFileSync(wrong, gzipSync('not the source'));
    expect(await refusal({ janusArchive: wrong })).toMatch(
      /wrong\.tar\.gz is not the source of Janus 0\.9\.1: its tar has SHA-256/,
    );
  });

  it('is checked after a download as well, and leaves nothing behind', async () => {
    const cache = join(deployment.folder, 'cache');
    const found = await download(`${url}/wrong.tar.gz`, cache);
    expect(found).toMatch(/Failure: .*wrong\.tar\.gz is not the source of Janus 0\.9\.1/);
    const left = await $({ quiet: true, nothrow: true })`find ${cache} -type f`;
    expect(left.stdout).toBe('');
  });

  it('that cannot be had is told apart from one that is wrong', async () => {
    expect(await download(`${url}/missing.tar.gz`, join(deployment.folder, 'cache'))).toMatch(
      /Unreachable: .* answered 404/,
    );
    expect(await download('http://127.0.0.1:1/x.tar.gz', join(deployment.folder, 'cache'))).toMatch(
      /Unreachable: .* cannot be reached/,
    );
  });

  /** How finding the archive ends with an empty download cache. */
  async function download(address: string, cache: string): Promise<string> {
    const code = `import { findJanusArchive } from './scripts/lib/sources.ts';
      await findJanusArchive(process.argv[1]).then(console.log, (error) => console.log(error.constructor.name + ': ' + error.message));`;
    const ended = await $({
      quiet: true,
      cwd: deployment.folder,
      env: { ...process.env, XDG_CACHE_HOME: cache },
    })`${process.execPath} --input-type=module-typescript -e ${code} ${address}`;
    return ended.stdout;
  }
});
