/** From the attacker's side: a deployment that asks for tokens, without one, with a forged one, with somebody else's. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import { signToken } from '../../scripts/lib/token.ts';
import { openBrowser } from '../support/browser.ts';
import { Deployment, mediaFolder } from '../support/deployment.ts';
import { waitForFrame } from '../support/measure.ts';

const services = ['gateway', 'turn', 'web'] as const;
const now = () => Math.floor(Date.now() / 1000);
const media = mkdtempSync(join(tmpdir(), 'janus-deploy-access-'));
const deployment = new Deployment('access', {
  production: 'true',
  allowSubstitutes: 'true',
  access: 'token',
  maxViewers: 4,
  mediaFolder: media,
});
const container = (service: string) => `janus-deploy-${deployment.stack}-${service}`;
/** What a service's file has, read inside its container. */
const configured = async (service: string, file: string) =>
  (await $({ quiet: true })`docker exec ${container(service)} cat /config/current/${file}`).stdout;

let secret: string;
let token: string;

beforeAll(async () => {
  for (const folder of ['series', 'other']) {
    mkdirSync(join(media, folder));
    cpSync(join(mediaFolder, 'sample.mp4'), join(media, folder, 'film.mp4'));
    writeFileSync(join(media, folder, 'film.en.vtt'), 'WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n');
  }
  await $({ quiet: true })`chmod -R a+rX ${media}`;
  await deployment.deployAnew();
  secret = await configured('web', 'token-secret');
  const made = await deployment.run('token', '--media', 'series', '--hours', '1');
  expect(made.exitCode, made.stderr).toBe(0);
  expect(made.stdout + made.stderr).not.toContain(secret);
  token = made.stdout.trim();
});
afterAll(async () => {
  await deployment.remove();
  rmSync(media, { recursive: true, force: true });
});

interface Answer {
  janus: string;
  data?: { id: number };
  error?: { code: number };
  plugindata?: { data: { code: number } };
}

async function janus(message: object, path = '', as: string | undefined = token): Promise<Answer> {
  const answer = await fetch(deployment.url('apiHttpPort', `/janus${path}`, 'http'), {
    method: 'POST',
    body: JSON.stringify({ transaction: 'test', token: as, ...message }),
  });
  return (await answer.json()) as Answer;
}

const status = async (url: string, ...args: string[]): Promise<string> =>
  (
    await $({
      quiet: true,
      nothrow: true,
    })`curl -sk --path-as-is -o /dev/null -w ${'%{http_code}'} ${args} ${url}`
  ).stdout;

describe('a token', () => {
  const all = (expires: number, key = secret) => signToken({ media: ['/'], expires }, key);

  it.each([
    ['is missing', () => undefined],
    ['is not one', () => 'open sesame'],
    ['has expired', () => all(now() - 1)],
    ['is signed by somebody else', () => all(now() + 60, 'guessed')],
    ['was changed', () => token.replace('media=series/', 'media=/')],
  ])('that %s opens nothing', async (_, forge) => {
    const forged = forge();
    expect((await janus({ janus: 'create', token: forged })).error?.code).toBe(403);
    const credentials = deployment.url('playerPort', '/turn-credentials');
    expect(await status(credentials, '-H', `Authorization: Bearer ${forged ?? ''}`)).toBe('401');
  });

  it('opens what it names and nothing else', async () => {
    const session = `/${(await janus({ janus: 'create' })).data?.id}`;
    const attached = await janus({ janus: 'attach', plugin: 'janus.plugin.tms.play' }, session);
    const handle = `${session}/${attached.data?.id}`;
    const codeOf = async (file: string, as: string | null = token) => {
      const body = { request: 'probe.file', file, ...(as !== null && { token: as }) };
      return (await janus({ janus: 'message', body }, handle)).plugindata?.data.code;
    };
    expect(await codeOf('series/film.mp4')).toBe(0);
    expect(await codeOf('series/film.mp4', null)).toBe(403);
    expect(await codeOf('series/none.mp4')).toBe(404);
    for (const file of ['other/film.mp4', 'other/none.mp4', '/etc/passwd', './series/film.mp4', '../x']) {
      expect(await codeOf(file), file).toBe(403);
    }
    for (const file of ['series/../other/film.mp4', `series/${'a'.repeat(5000)}`]) {
      expect(await codeOf(file), file.slice(0, 30)).toBe(400);
    }
    // Janus itself takes no text with a null character.
    const body = { request: 'probe.file', file: 'series/film.mp4\0', token };
    expect((await janus({ janus: 'message', body }, handle)).error?.code).toBe(454);
    for (const plugin of ['echotest', 'streaming', 'videoroom', 'audiobridge', 'videocall', 'voicemail']) {
      const refused = await janus({ janus: 'attach', plugin: `janus.plugin.${plugin}` }, session);
      expect(refused.error?.code, plugin).toBe(460);
    }
    await janus({ janus: 'destroy' }, session);
  });

  it('lets a page in that has it, and one that has none says why not', async () => {
    await using browser = await openBrowser({ certificateAuthority: deployment.authority });
    const { page } = await browser.newPage({ locale: 'en' });
    const link = (query: string) =>
      deployment.url('playerPort', `/player/?file=series/film.mp4&autoplay=1${query}`);
    await page.goto(link(''));
    await expect
      .poll(() => page.getByTestId('error').textContent(), { timeout: 15_000 })
      .toMatch(/^The server does not let this page in\. Ask whoever runs it for access\./);
    await page.goto(link(`&token=${encodeURIComponent(token)}`));
    await waitForFrame(page, ({ film }) => film === 1);
  });

  it('opens the captions of what it names, and of nothing else', async () => {
    const captions = (name: string, as?: string) =>
      status(
        deployment.url('playerPort', `/extras/${name}?captions=en`),
        ...(as ? ['-H', `Authorization: Bearer ${as}`] : []),
      );
    expect(await captions('series/film.mp4', token)).toBe('200');
    expect(await captions('series/film.mp4')).toBe('401');
    expect(await captions('series/film.mp4', token.replace('media=series/', 'media=/'))).toBe('401');
    for (const name of [
      'other/film.mp4',
      'other/none.mp4',
      'series/../other/film.mp4',
      'series/%2e%2e/other/film.mp4',
    ])
      expect(await captions(name, token), name).toBe('403');
  });

  it('is of no use once it has expired, in a session that it opened neither', async () => {
    const short = all(now() + 2);
    const session = `/${(await janus({ janus: 'create' }, '', short)).data?.id}`;
    await expect
      .poll(async () => (await janus({ janus: 'keepalive' }, session, short)).error?.code, {
        timeout: 10_000,
      })
      .toBe(403);
    expect((await janus({ janus: 'create' }, '', short)).error?.code).toBe(403);
  });
});

describe('the web server', () => {
  it('has no way to the admin API, whatever the path and with the right password', async () => {
    const [, password] = /admin_secret = "(\w+)"/.exec(await configured('gateway', 'janus.jcfg')) ?? [];
    const answer = await janus({ janus: 'list_sessions', admin_secret: password });
    expect(answer.janus).toBe('error');
    for (const port of ['playerPort', 'apiHttpsPort'] as const) {
      for (const path of [
        '/admin',
        '//admin',
        '/janus/../admin',
        '/janus/%2e%2e/admin',
        '/player/../../etc/passwd',
      ]) {
        expect(await status(deployment.url(port, path)), path).toMatch(/^40[04]$/);
      }
    }
  });

  it('keeps the demos closed, and the names of the files', async () => {
    expect(await status(deployment.url('demosPort', '/'))).toBe('000');
    const config = await $({ quiet: true })`curl -sk ${deployment.url('playerPort', '/player/config.js')}`;
    expect(config.stdout).toContain('JANUS_PLAY_CONFIG');
    expect(config.stdout).not.toContain('film.mp4');
  });

  it('takes no more than a message is long', async () => {
    const body = JSON.stringify({ janus: 'create', transaction: 'x'.repeat(70_000) });
    expect(await status(deployment.url('apiHttpPort', '/janus', 'http'), '-d', body)).toBe('413');
  });

  it('stops one address from opening sessions without end, and leaves open ones alone', async () => {
    const session = `/${(await janus({ janus: 'create' })).data?.id}`;
    const url = deployment.url('apiHttpPort', '/janus', 'http');
    const flood = await Promise.all(
      Array.from({ length: 200 }, async () => (await fetch(url, { method: 'POST', body: '{}' })).status),
    );
    expect(flood).toContain(429);
    expect((await janus({ janus: 'keepalive' }, session)).janus).toBe('ack');
  });
});

describe('every container', () => {
  it.each(services)('%s is locked in', async (service) => {
    const [{ Config, HostConfig, Mounts }] = JSON.parse(
      (await $({ quiet: true })`docker inspect ${container(service)}`).stdout,
    );
    expect(Config.User).toBe('10001:10001');
    expect(Config.Healthcheck.Test[0]).toBe('CMD');
    expect(HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      Privileged: false,
      CapAdd: null,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      MemorySwap: HostConfig.Memory,
      PidMode: '',
      IpcMode: 'private',
    });
    expect(HostConfig.Memory).toBeGreaterThan(0);
    expect(HostConfig.Ulimits.map(({ Name }: { Name: string }) => Name).sort()).toEqual(['core', 'nproc']);
    const written: string[] = Mounts.filter(({ RW }: { RW: boolean }) => RW).map(
      ({ Destination }: { Destination: string }) => Destination,
    );
    const own = `/metrics/${service}`;
    expect(written.sort()).toEqual(service === 'gateway' ? ['/cache', own] : [own]);
    const process = await $({ quiet: true })`docker exec ${container(service)} cat /proc/1/status`;
    expect(process.stdout).toMatch(/^CapEff:\t0+$/m);
    expect(process.stdout).toMatch(/^NoNewPrivs:\t1$/m);
    const touched = await $({ quiet: true, nothrow: true })`docker exec ${container(service)} touch /written`;
    expect(touched.stderr).toContain('Read-only file system');
  });

  it('shows no secret: not to the engine, in processes, logs or Pulumi’s state', async () => {
    const jcfg = (
      await Promise.all(
        ['janus.jcfg', 'janus.plugin.streaming.jcfg'].map((file) => configured('gateway', file)),
      )
    ).join();
    const secrets = [
      secret,
      await configured('web', 'turn-secret'),
      ...jcfg.matchAll(/(?:secret|_key) = "(\w{48})"/g),
    ].map((found) => (typeof found === 'string' ? found : found[1]));
    expect(new Set(secrets).size).toBe(4);
    const shown = await Promise.all(
      services.flatMap((service) => [
        $({ quiet: true })`docker inspect ${container(service)}`,
        $({ quiet: true })`docker top ${container(service)} -eo pid,args`,
        $({ quiet: true })`docker logs ${container(service)}`,
      ]),
    );
    const state = await $({
      quiet: true,
    })`grep -rh . ${deployment.environment.XDG_STATE_HOME}/janus-deploy/pulumi`;
    const all = [...shown, state].map(({ stdout, stderr }) => stdout + stderr).join('\n');
    expect(all).toContain('janus-deploy');
    for (const value of secrets) expect(all.includes(value)).toBe(false);
    const modes = await $({ quiet: true })`docker exec ${container('web')} ls -ln /config/current/`;
    expect(modes.stdout).toMatch(/^-r--------\s+1 10001 10001 .* turn-secret$/m);
  });
});
