/** A deployment's life on a real engine: up, no change, changes, damage, down. */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import { Deployment } from '../support/deployment.ts';

const deployment = new Deployment('life');

const container = (service: string): string => `janus-deploy-${deployment.stack}-${service}`;
const containerId = async (service: string): Promise<string> =>
  (await $({ quiet: true })`docker inspect --format {{.Id}} ${container(service)}`).stdout.trim();
const containerIds = async () => Promise.all(['gateway', 'turn', 'web'].map(containerId));

beforeAll(async () => {
  await deployment.prepare();
  await deployment.run('down');
});
afterAll(() => deployment.remove());

describe('npm run up', () => {
  it('deploys, and ends with the addresses and every substitution', async () => {
    const printed = await deployment.up();
    expect(printed).toMatch(/smoke check\s+10 checks, every service answers/);
    expect(printed).toMatch(new RegExp(`Player\\s+https://\\S+:${deployment.ports.playerPort}/player/`));
    expect(printed).toContain('To undo: npm run down');
  });

  it('changes nothing when run again', async () => {
    const before = await containerIds();
    expect(await deployment.up()).toMatch(/pulumi up\s+\d+ unchanged \(/);
    expect(await containerIds()).toEqual(before);
  });

  it('goes on from a backup when the state is lost', async () => {
    const before = await containerIds();
    const file = join(deployment.folder, 'backup.tar.gz');
    const verb = (...args: string[]) =>
      $({ quiet: true, cwd: deployment.folder, env: deployment.environment })`node scripts/run.mjs ${args}`;
    await verb('backup', '--output', file);
    rmSync(dirname(dirname(deployment.authority)), { recursive: true });
    await verb('restore', file);
    expect(await deployment.up()).toMatch(/pulumi up\s+\d+ unchanged \(/);
    expect(await containerIds()).toEqual(before);
  });

  it('takes security updates, and does nothing where there are none', async () => {
    const before = await containerIds();
    const ended = await deployment.run('up', '--refresh-base');
    expect(ended.exitCode, ended.stderr).toBe(0);
    if (ended.stdout.includes('updates of ')) expect(await containerIds()).not.toEqual(before);
    else {
      expect(ended.stdout).toContain('nothing in the images has an update');
      expect(await containerIds()).toEqual(before);
    }
  });

  it('locks every container in', async () => {
    for (const id of await containerIds()) {
      const [{ Config, HostConfig }] = JSON.parse((await $({ quiet: true })`docker inspect ${id}`).stdout);
      expect(Config.User).toBe('10001:10001');
      expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ['ALL'], Privileged: false });
      expect(HostConfig.SecurityOpt).toContain('no-new-privileges:true');
    }
  });

  it('keeps secrets out of commands and readable by their service alone', async () => {
    const shown = await $({
      quiet: true,
    })`docker exec ${container('web')} ls -ln /config/current/`;
    expect(shown.stdout).toMatch(/^-r--------\s+1 10001 10001 .* turn-secret$/m);
    const inspected = (await $({ quiet: true })`docker inspect ${await containerIds()}`).stdout;
    const secret = (
      await $({
        quiet: true,
      })`docker exec ${container('web')} cat /config/current/turn-secret`
    ).stdout;
    expect(secret).toMatch(/^[0-9a-f]{48}$/);
    expect(inspected).not.toContain(secret);
  });

  /** Runs in the volume of a service's files. */
  const inVolume = (service: string, script: string) =>
    $({
      quiet: true,
    })`docker run --rm --user 0 --entrypoint sh --volume ${container(service)}-files:/files ${image} -c ${script}`;
  let image: string;

  it('restores what was stopped, renamed, limited or edited by hand', async () => {
    image = (await $({ quiet: true })`docker inspect --format {{.Image}} ${container('turn')}`).stdout.trim();
    const [, turn, web] = await containerIds();
    await $({ quiet: true })`docker stop --time 1 ${container('gateway')}`;
    await $({ quiet: true })`docker rename ${container('turn')} ${container('elsewhere')}`;
    await $({ quiet: true })`docker update --memory 64m --memory-swap 64m --restart no ${container('web')}`;
    await inVolume('web', 'echo broken > /files/current/nginx.conf');
    expect(await deployment.up()).toContain('every service answers');
    expect(await containerId('turn')).not.toBe(turn);
    expect(await deployment.onEngine()).not.toContain(container('elsewhere'));
    const [{ Id, HostConfig }] = JSON.parse(
      (await $({ quiet: true })`docker inspect ${container('web')}`).stdout,
    );
    expect(Id).toBe(web);
    expect(HostConfig).toMatchObject({ Memory: 256 * 2 ** 20, RestartPolicy: { Name: 'unless-stopped' } });
    expect(
      (await $({ quiet: true })`docker exec ${container('web')} nginx -t -c /config/current/nginx.conf`)
        .exitCode,
    ).toBe(0);
    expect(await deployment.up()).toMatch(/pulumi up\s+\d+ unchanged \(/);
  });

  it('restores what was removed, paused, throttled or added by hand', async () => {
    const [, turn, web] = await containerIds();
    await $({ quiet: true })`docker rm --force ${container('gateway')}`;
    await inVolume('gateway', 'echo "log_to_file = x" > /files/current/janus.plugin.other.jcfg');
    await $({ quiet: true })`docker pause ${container('turn')}`;
    await $({ quiet: true })`docker update --cpus 0.1 ${container('web')}`;
    expect(await deployment.up()).toContain('every service answers');
    expect(await containerId('turn')).not.toBe(turn);
    expect(await containerId('web')).not.toBe(web);
    const files = await $({ quiet: true })`docker exec ${container('gateway')} ls /config/current`;
    expect(files.stdout).not.toContain('janus.plugin.other.jcfg');
    expect(await deployment.up()).toMatch(/pulumi up\s+\d+ unchanged \(/);
  });
});

describe('a machine behind a router', () => {
  it('advertises an address that is not its own', async () => {
    deployment.configure({ advertisedAddress: '198.51.100.7' });
    const printed = await deployment.up();
    expect(printed).toContain('Warning: advertisedAddress 198.51.100.7 is not one of the engine’s machine');
    expect(printed).toContain('every service answers');
  });
});

describe('a STUN server that does not answer', () => {
  it('is warned of, and the gateway starts without it', async () => {
    deployment.configure({ stunServer: '127.0.0.1:9' });
    const printed = await deployment.up();
    expect(printed).toContain('Warning: stun_server 127.0.0.1:9 does not answer');
    expect(printed).toContain('every service answers');
  });
});

describe('bad input', () => {
  it('is told all at once, and nothing is touched', async () => {
    const before = await containerIds();
    deployment.configure({ debugLevel: 'loud', playerPrt: 1, sslCertificate: 'missing.pem' });
    const refused = await deployment.run('up');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('debugLevel is "loud"; accepted: a whole number from 0');
    expect(refused.stderr).toContain('playerPrt is not a known stack config key; did you mean playerPort?');
    expect(await containerIds()).toEqual(before);
    deployment.configure({});
  });
});

describe('npm run down', () => {
  it('removes all that was made on the engine', async () => {
    expect(await deployment.onEngine()).not.toEqual([]);
    const ended = await deployment.run('down');
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(await deployment.onEngine()).toEqual([]);
  });
});
