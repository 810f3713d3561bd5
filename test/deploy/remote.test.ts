/** Deploying to another machine that has only sshd at first, from this one, by a key and its address. */

import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import { findBaseImage } from '../../scripts/lib/base-image.ts';
import type { Report } from '../../scripts/lib/doctor/finding.ts';
import { openBrowser } from '../support/browser.ts';
import { Deployment } from '../support/deployment.ts';
import { measurePlayback, waitForFrame } from '../support/measure.ts';
import { connected, playFile } from '../support/player.ts';
import { Server } from '../support/server.ts';
import { ensureSshTools } from '../support/ssh-client.ts';

const deployment = new Deployment('remote');
const { PATH } = process.env;
let server: Server;
const settings = () => ({ maxViewers: 4, mediaFolder: 'media', dockerHost: server.dockerHost() });

beforeAll(async () => {
  await ensureSshTools();
  server = await Server.start();
  process.env.PATH = `${server.ssh.path}:${PATH}`;
  await deployment.prepare();
  // What a killed run left in the state was on a machine that is gone.
  await $({ quiet: true })`rm -rf ${deployment.environment.XDG_STATE_HOME}`;
});
afterAll(async () => {
  process.env.PATH = PATH;
  await server?.[Symbol.asyncDispose]();
});
beforeEach(() => deployment.configure(settings()));

/** What `npm run up` says when it refuses. */
async function refusal(config: Record<string, string | number>): Promise<string> {
  deployment.configure({ ...settings(), ...config });
  const ended = await deployment.run('up');
  expect(ended.exitCode, ended.stdout).toBe(1);
  return ended.stderr;
}

describe('npm run up says of a machine', () => {
  it('that its host key is not known', async () => {
    server.ssh.configure({ knownHosts: 'no-known-hosts' });
    expect(await refusal({})).toMatch(/^The host key of ssh:\S+ is not known here; log in once with `ssh /);
    server.ssh.configure();
  });

  it('that it refuses the key', async () => {
    server.ssh.configure({ key: 'other-key' });
    expect(await refusal({})).toMatch(/^ssh:\S+ refuses the keys that ssh offers \(.*\); let yours in with/);
    server.ssh.configure();
  });

  it('that it cannot be reached', async () => {
    const said = await refusal({ dockerHost: server.dockerHost('root', 2222) });
    expect(said).toMatch(/^ssh:\S+ cannot be reached \(.*Connection refused\); check the name and the port/);
  });

  it('that its user may not install Docker, and then not use it', async () => {
    await server.run(
      'useradd --create-home guest; cp -r /root/.ssh /home/guest; chown -R guest /home/guest/.ssh',
    );
    const dockerHost = server.dockerHost('guest');
    expect(await refusal({ dockerHost })).toMatch(
      /has no Docker, and user guest is neither root nor may use sudo without a password; run `apt-get install/,
    );
    // The group comes with Docker: see below.
  });
});

it('installs Docker there, and remembers the machine', async () => {
  const { dockerHost: _, ...others } = settings();
  deployment.configure({ ...others, baseImage: 'janus-deploy/none:none' });
  const ended = await deployment.run('up', '--host', server.dockerHost());
  expect(ended.stdout).toContain(
    `installing Docker at ${server.dockerHost()} from its distribution's packages`,
  );
  // As far as an image that there is none of.
  expect(ended.stderr).toContain('baseImage is janus-deploy/none:none');
  const written = readFileSync(join(deployment.folder, `Pulumi.${deployment.stack}.yaml`), 'utf8');
  expect(written).toContain(`janus-deploy:dockerHost: ${server.dockerHost()}`);
  expect((await server.run('docker version --format {{.Server.Version}}')).stdout).toMatch(/^\d+\./);
  await server.load([(await findBaseImage('auto')).name]);
});

it('says of a user there that Docker is not theirs to use', async () => {
  expect(await refusal({ dockerHost: server.dockerHost('guest') })).toMatch(
    /^User guest may not use Docker at ssh:\S+; run `usermod -aG docker guest` there as root/,
  );
});

it('sees a port that is taken there, and by what', async () => {
  const port = deployment.ports.playerPort;
  const holder = `perl -MIO::Socket::INET -e 'IO::Socket::INET->new(LocalPort => ${port}, Listen => 1)->accept'`;
  await server.run(`${holder} </dev/null >/dev/null 2>&1 & echo $! > /run/holder`);
  expect(await refusal({})).toMatch(
    new RegExp(`^TCP port ${port} \\(player\\) is taken by perl \\(process \\d+\\)`, 'm'),
  );
  await server.run('kill $(cat /run/holder)');
});

describe('npm run media -- push', () => {
  const content = randomBytes(96 * 2 ** 20);
  const hash = createHash('sha256').update(content).digest('hex');
  const film = () => join(deployment.folder, 'long film.mp4');
  const stored = () =>
    join(server.root, 'var/lib/docker/volumes', `janus-deploy-${deployment.stack}-media`, '_data');
  const arriving = () => join(stored(), '.arriving', hash);
  const hashThere = () =>
    createHash('sha256')
      .update(readFileSync(join(stored(), 'long film.mp4')))
      .digest('hex');

  it('goes on where it was killed', async () => {
    writeFileSync(film(), content);
    const doomed = spawn('node', ['scripts/run.mjs', 'media', 'push', film(), '--stack', deployment.stack], {
      cwd: deployment.folder,
      env: deployment.environment,
      detached: true,
      stdio: 'ignore',
    });
    const ended = once(doomed, 'exit');
    while (!existsSync(arriving()) || statSync(arriving()).size === 0) await setTimeout(2);
    process.kill(-(doomed.pid as number), 'SIGKILL');
    await ended;
    expect(existsSync(join(stored(), 'long film.mp4'))).toBe(false);
    const again = await deployment.run('media', 'push', film());
    expect(again.exitCode, again.stderr).toBe(0);
    expect(again.stdout).toMatch(/1 sent \([\d.]+ MiB, [\d.]+ MiB were there from before\), 0 there already/);
    expect(hashThere()).toBe(hash);
  });

  it('sends nothing that is there', async () => {
    const again = await deployment.run('media', 'push', film());
    expect(again.stdout).toContain('0 sent (0.0 MiB), 1 there already.');
    expect((await deployment.run('media', 'list')).stdout).toContain('long film.mp4\n');
  });

  it('gives no name to what did not arrive as it was', async () => {
    await server.run(
      `cd ${stored().slice(server.root.length)}; rm 'long film.mp4'; mkdir -p .arriving; echo x > .arriving/${hash}`,
    );
    const spoilt = await deployment.run('media', 'push', film());
    expect(spoilt.exitCode).toBe(1);
    expect(spoilt.stderr).toContain('long film.mp4 did not arrive as it is here');
    expect(readdirSync(stored())).not.toContain('long film.mp4');
    const again = await deployment.run('media', 'push', film());
    expect(again.exitCode, again.stderr).toBe(0);
    expect(hashThere()).toBe(hash);
  });
});

describe('the deployment', () => {
  // Here they are built faster, from what was built before.
  beforeAll(async () => {
    const built = await $({
      quiet: true,
      cwd: deployment.folder,
      env: deployment.environment,
    })`${process.execPath} test/support/build-images.ts`;
    await server.load(built.stdout.trim().split('\n'));
  });

  it('is all there and nothing here, without a folder of this machine', async () => {
    const printed = await deployment.up();
    expect(printed).toMatch(/smoke check\s+10 checks, every service answers/);
    expect(printed).toContain(`https://${server.address}:${deployment.ports.playerPort}/player/`);
    expect(await deployment.onEngine()).toEqual([]);
    const names = ['gateway', 'turn', 'web'].map((service) => `janus-deploy-${deployment.stack}-${service}`);
    const inspected = await server.run(`docker inspect --format '{{json .Mounts}}' ${names.join(' ')}`);
    const mounts = inspected.stdout
      .trim()
      .split('\n')
      .flatMap((line) => JSON.parse(line));
    expect(new Set(mounts.map(({ Type }: { Type: string }) => Type))).toEqual(new Set(['volume']));
    expect(mounts.map(({ Name }: { Name: string }) => Name)).toContain(
      `janus-deploy-${deployment.stack}-media`,
    );
  });

  it('plays in a browser here', async () => {
    await using browser = await openBrowser({ certificateAuthority: deployment.authority });
    const { page } = await browser.newPage();
    await page.goto(`https://${server.address}:${deployment.ports.playerPort}/player/`);
    await connected(page);
    await playFile(page, 'sample.mp4');
    await waitForFrame(page, ({ film }) => film === 1);
    const playback = await measurePlayback(page, { seconds: 3 });
    // Of 25 frames a second, those that the browser of a busy machine has time to draw.
    expect(playback.fps).toBeGreaterThan(5);
    expect(playback.loudness).toBeGreaterThan(-40);
  });

  it('is examined from here: nothing is wrong, and a film plays', async () => {
    const ended = await deployment.run('doctor', '--json');
    const { findings } = JSON.parse(ended.stdout) as Report;
    const wrong = findings.filter(({ severity }) => severity === 'error');
    expect(wrong, ended.stderr).toEqual([]);
    expect(findings).toContainEqual(expect.objectContaining({ subject: 'playback', severity: 'ok' }));
  });

  it('is left alone by a second run', async () => {
    expect(await deployment.up()).toMatch(/pulumi up\s+\d+ unchanged \(/);
  });

  it('has a status and logs, and is restarted there when nobody watches', async () => {
    const { gateway } = await deployment.healthyStatus();
    expect(gateway?.viewers.filter(({ state }) => state !== 'ready')).toEqual([]);
    const restarted = await deployment.run('restart', '--drain', '1');
    expect(restarted.exitCode, restarted.stderr).toBe(0);
    const logs = await deployment.run('logs');
    expect(logs.exitCode, logs.stderr).toBe(0);
    expect(logs.stdout).toContain('gateway');
  });

  it('goes on there when an update cannot be built', async () => {
    const dockerfile = join(deployment.folder, 'images/turn/Dockerfile');
    const text = readFileSync(dockerfile, 'utf8');
    writeFileSync(dockerfile, `${text}RUN false\n`);
    const failed = await deployment.run('up');
    writeFileSync(dockerfile, text);
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain('The last good deployment goes on untouched.');
  });

  it('is not forgotten for another engine', async () => {
    expect(await refusal({ dockerHost: '' })).toMatch(
      /is deployed on ssh:\S+ and is now to be on the engine that the docker command reaches; take it down/,
    );
  });

  it('is taken down there; the media stay', async () => {
    deployment.configure({ ...settings(), dockerHost: '' });
    await deployment.remove();
    const left = await server.run('docker ps --all --quiet; docker volume ls --quiet');
    expect(left.stdout.trim()).toBe(`janus-deploy-${deployment.stack}-media`);
  });
});
