/** Pulumi's state in a backend that several machines use: an S3 server, and a folder. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { $, type ProcessOutput } from 'zx';
import { Deployment } from '../support/deployment.ts';
import { missingObjectStore, ObjectStore } from '../support/object-store.ts';

const deployment = new Deployment('shared');
const { stack, folder } = deployment;
const file = (name: string) => join(folder, name);
const settings = { maxViewers: 4, sslCertificate: file('own.pem'), sslCertificateKey: file('own-key.pem') };
/** What the machine that deployed first encrypts secrets with. */
const passphrase = join(deployment.environment.XDG_STATE_HOME as string, 'janus-deploy', 'passphrase');

beforeAll(async () => {
  await deployment.prepare();
  await $({
    quiet: true,
  })`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=test -addext subjectAltName=IP:127.0.0.1 -days 30 -keyout ${file('own-key.pem')} -out ${file('own.pem')}`;
});

/** A command on another machine with the same checkout: one that has a state folder of its own. */
const elsewhere = (verb: string[], environment: NodeJS.ProcessEnv = {}): Promise<ProcessOutput> =>
  $({
    quiet: true,
    nothrow: true,
    cwd: folder,
    env: { ...deployment.environment, XDG_STATE_HOME: file('elsewhere'), ...environment },
  })`node scripts/run.mjs ${verb} --stack ${stack}`;

describe.skipIf(missingObjectStore !== undefined)('in an S3 bucket', () => {
  const store = new ObjectStore();
  const stateKey = `.pulumi/stacks/janus-deploy/${stack}.json`;
  const locks = `.pulumi/locks/organization/janus-deploy/${stack}`;
  const configure = (stateBackend = store.url()) => deployment.configure({ ...settings, stateBackend });

  beforeAll(async () => {
    await store.start();
    Object.assign(process.env, store.environment);
    configure();
    await deployment.clear();
  });
  afterAll(async () => {
    await deployment.run('down');
    for (const name of Object.keys(store.environment)) delete process.env[name];
    await store[Symbol.asyncDispose]();
  });

  it('deploys', async () => {
    const printed = await deployment.up();
    expect(printed).toContain(`stack          ${stack}, state in s3://${store.bucket}`);
    expect(await store.list(stateKey)).toContain(stateKey);
  });

  it('shows a reviewer what a change does to it, who has neither an engine nor the passphrase', async () => {
    const plan = (...args: string[]) =>
      elsewhere(['plan', '--deployed', ...args], { DOCKER_HOST: `unix://${file('no-engine')}` });
    expect((await plan()).stdout).toBe(
      `Nothing that is deployed differs from the deployed stack ${stack}.\n`,
    );
    deployment.configure({ ...settings, stateBackend: store.url(), debugLevel: 6 });
    const changed = await plan('--fail-on', 'reload:gateway', '--save', file('result.json'));
    expect(changed.stdout, changed.stderr).toMatch(/^ {2}reload +gateway +debug-level$/m);
    expect(changed.stdout).toContain('-4\n+6\n');
    expect(changed.exitCode).toBe(3);
    configure();
    // What it is told is no secret.
    const served = async (name: string) =>
      (await $({ quiet: true })`docker exec janus-deploy-${stack}-web cat /config/current/${name}`).stdout;
    const [state, told] = [await store.get(stateKey), readFileSync(file('result.json'), 'utf8')];
    for (const secret of [await served('turn-secret'), (await served('tls/key.pem')).split('\n')[1]]) {
      expect(secret).toMatch(/^\S{48,}$/);
      expect(state).not.toContain(secret);
      expect(told).not.toContain(secret);
    }
  });

  it('has another machine say that its passphrase is another', async () => {
    const refused = await elsewhere(['up']);
    expect(refused.exitCode, refused.stdout).toBe(1);
    expect(refused.stderr).toMatch(
      new RegExp(
        `^The secrets of stack ${stack} in s3://\\S+ are encrypted with another passphrase than this machine's \\(incorrect passphrase\\); set PULUMI_CONFIG_PASSPHRASE_FILE`,
      ),
    );
  });

  it('lets another machine with the passphrase go on', async () => {
    const unchanged = await elsewhere(['up'], { PULUMI_CONFIG_PASSPHRASE_FILE: passphrase });
    expect(unchanged.stdout, unchanged.stderr).toMatch(/pulumi up\s+\d+ unchanged \(/);
    const status = await elsewhere(['status'], { PULUMI_CONFIG_PASSPHRASE_FILE: passphrase });
    expect(status.stdout, status.stderr).toContain('healthy');
  });

  it('waits for no run of another machine, and takes the lock off one that ended here', async () => {
    const lock = (host: string) =>
      store.put(
        `${locks}/1.json`,
        // No process has this number.
        JSON.stringify({ pid: 4194305, username: 'somebody', hostname: host, timestamp: new Date() }),
      );
    await lock('another-machine');
    const refused = await deployment.run('up');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(
      new RegExp(
        `^Another run deploys stack ${stack} \\(of somebody on another-machine, process 4194305, since`,
      ),
    );
    expect(await store.list(locks)).toEqual([`${locks}/1.json`]);
    await lock(hostname());
    await deployment.up();
    expect(await store.list(locks)).toEqual([]);
  });

  it('is taken down from the other machine, whose own passphrase is not removed meanwhile', async () => {
    // Without an engine, whose images are others' too.
    const all = await elsewhere(['down', '--all'], {
      DOCKER_HOST: `unix://${file('no-engine')}`,
      XDG_CACHE_HOME: file('cache'),
    });
    expect(all.stdout, all.stderr).toContain(`opens the secrets of ${stack} in shared states`);
    expect(await store.list(stateKey)).toContain(stateKey);
    const down = await elsewhere(['down'], { PULUMI_CONFIG_PASSPHRASE_FILE: passphrase });
    expect(down.exitCode, down.stderr).toBe(0);
    expect(await deployment.onEngine()).toEqual([]);
    expect(await store.list(stateKey)).not.toContain(stateKey);
  });

  it('has a sentence for a bucket that is not there', async () => {
    configure(store.url('none'));
    const refused = await deployment.run('up');
    expect(refused.stderr).toMatch(
      new RegExp(`^The state of stack ${stack} in s3://none\\S+ cannot be read \\(.*NoSuchBucket`),
    );
    configure();
  });
});

it('is refused by Pulumi Cloud without a token, and says so', async () => {
  deployment.configure({ ...settings, stateBackend: 'https://api.pulumi.com' });
  const refused = await deployment.run('up');
  expect(refused.stderr).toMatch(/cannot be read \(PULUMI_ACCESS_TOKEN must be set .*\); check stateBackend/);
});

it('keeps a state in a folder that is named, and nothing of it in the machine’s own', async () => {
  const states = file('states');
  mkdirSync(states);
  deployment.configure({ ...settings, stateBackend: `file://${states}` });
  const listed = await elsewhere(['pulumi', 'stack', 'ls', '--json'], { JANUS_DEPLOY_STACK: stack });
  expect(listed.stdout, listed.stderr).toContain(`"name": "${stack}"`);
  expect(existsSync(join(states, '.pulumi', 'stacks', 'janus-deploy', `${stack}.json`))).toBe(true);
  expect(existsSync(join(file('elsewhere'), 'janus-deploy', 'pulumi', '.pulumi'))).toBe(false);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));
