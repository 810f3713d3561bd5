/** Plain Pulumi commands in a checkout, without any wrapper. */
import { mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { $, type ProcessOutput } from 'zx';
import { ensureToolchain } from '../../scripts/lib/pulumi.ts';
import { Deployment } from '../support/deployment.ts';

const deployment = new Deployment('plain', { maxViewers: 4 });
let environment: NodeJS.ProcessEnv;

const pulumi = (...args: string[]): Promise<ProcessOutput> =>
  $({
    quiet: true,
    nothrow: true,
    cwd: deployment.folder,
    env: environment,
  })`pulumi ${args} --stack ${deployment.stack} --non-interactive --color never`;

const imageIds = async (): Promise<string[]> =>
  (await $({ quiet: true })`docker images --quiet`).stdout.split('\n').sort();

beforeAll(async () => {
  await deployment.prepare();
  const toolchain = await ensureToolchain(() => undefined);
  const backend = join(deployment.folder, 'state');
  mkdirSync(backend);
  environment = {
    ...process.env,
    ...toolchain.environment,
    // The program wants a newer Node than a machine may have.
    PATH: [dirname(process.execPath), toolchain.environment.PATH ?? process.env.PATH].join(delimiter),
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: 'a passphrase',
    XDG_STATE_HOME: join(deployment.folder, 'home'),
  };
  await $({ quiet: true, cwd: deployment.folder, env: environment })`pulumi stack init ${deployment.stack}`;
});
afterAll(() => deployment.remove());

describe('pulumi', () => {
  it('names every prerequisite that is missing', async () => {
    deployment.configure({ mediaFolder: 'nowhere' });
    const { stdout, exitCode } = await pulumi('preview');
    expect(exitCode).not.toBe(0);
    expect(stdout).toContain(
      'There is no certificate; set ssl_certificate and ssl_certificate_key, or run `npm run certs`',
    );
    expect(stdout).toContain('nowhere is not a folder');
  });

  it('previews without building an image or touching the engine', async () => {
    deployment.configure({ maxViewers: 4 });
    // The stack's salt is in its file, which was just written anew.
    const certs = await $({
      quiet: true,
      cwd: deployment.folder,
      env: environment,
    })`node scripts/run.mjs certs --stack ${deployment.stack}`;
    expect(certs.stdout).toContain('Certificate generated for localhost');
    const images = await imageIds();
    const { stdout, stderr, exitCode } = await pulumi('preview');
    expect(exitCode, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/\+ \d+ to create/);
    expect(await imageIds()).toEqual(images);
    expect(await deployment.onEngine()).toEqual([]);
  });

  it('deploys, names the toolchain, previews a change without its secrets, and destroys', async () => {
    const up = await pulumi('up', '--yes', '--skip-preview');
    expect(up.exitCode, up.stdout + up.stderr).toBe(0);
    const outputs = JSON.parse((await pulumi('stack', 'output', '--json')).stdout);
    expect(outputs.player).toMatch(new RegExp(`^https://\\S+:${deployment.ports.playerPort}/player/$`));
    expect(outputs.toolchain).toMatch(/^(official|built from Go modules: pulumi \d)/);
    const change = await pulumi('preview', '--diff', '--config', 'janus-deploy:debugLevel=5');
    expect(change.exitCode, change.stdout + change.stderr).toBe(0);
    // The services' files have secrets among them.
    expect(change.stdout).toMatch(/stdin\s*: \[secret\]/);
    expect(change.stdout).not.toMatch(/stdin\s*: "|PRIVATE KEY/);

    const destroyed = await pulumi('destroy', '--yes', '--skip-preview');
    expect(destroyed.exitCode, destroyed.stdout).toBe(0);
    expect(await deployment.onEngine()).toEqual([]);
  });
});
