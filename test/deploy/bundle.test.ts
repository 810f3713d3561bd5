/** One file is enough to deploy on a machine that reaches nothing; one that is not whole or not for it is refused. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import { type Bundle, openBundle, readPart } from '../../scripts/lib/bundle/file.mjs';
import { installEngineScript, partNames } from '../../scripts/lib/bundle/parts.ts';
import { copyCheckout } from '../support/checkout.ts';
import { ClosedMachine } from '../support/closed-machine.ts';
import { Deployment } from '../support/deployment.ts';

// Namespaces and a second engine are Linux's, and root's.
const able = process.platform === 'linux' && process.getuid?.() === 0;

describe.skipIf(!able)('npm run bundle', () => {
  let source: Deployment;
  let machine: ClosedMachine;
  let checkout: string;
  let bundle: Bundle;

  beforeAll(async () => {
    source = await new Deployment('bundle', { monitoring: 'true' }).prepare();
    const file = join(source.folder, 'bundle.tar');
    const made = await source.run('bundle', '--output', file);
    expect(made.exitCode, made.stdout + made.stderr).toBe(0);
    bundle = await openBundle(file);
    machine = new ClosedMachine();
    await machine.start();
    checkout = join(machine.folder, 'checkout');
    await copyCheckout(checkout, 'none');
  });
  afterAll(async () => {
    await machine?.[Symbol.asyncDispose]();
    await source?.remove();
  });

  const up = (file = bundle.path, ...args: string[]) =>
    machine.run('node', join(checkout, 'scripts/run.mjs'), 'up', '--bundle', file, ...args);

  /** Runs `work` while the bundle has other bytes at a place, e.g. another version in its manifest. */
  async function damaged<T>(offset: number, bytes: string, work: () => Promise<T>): Promise<T> {
    const file = await open(bundle.path, 'r+');
    const { buffer: before } = await file.read(Buffer.alloc(bytes.length), 0, bytes.length, offset);
    try {
      await file.write(bytes, offset);
      return await work();
    } finally {
      await file.write(before, 0, before.length, offset);
      await file.close();
    }
  }

  /** Where a text of the manifest begins in the file. */
  async function inManifest(text: string): Promise<number> {
    const file = await open(bundle.path);
    const { buffer } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    await file.close();
    expect(buffer.indexOf(text)).toBeGreaterThan(0);
    return buffer.indexOf(text);
  }

  it.each<[string, () => Promise<Awaited<ReturnType<typeof up>>>, RegExp]>([
    [
      'is incomplete',
      async () => {
        const folder = await mkdtemp(join(tmpdir(), 'janus-deploy-part-'));
        try {
          const part = join(folder, 'part.tar');
          await $({ quiet: true })`head --bytes 1000000 ${bundle.path}`.pipe(part);
          return await up(part);
        } finally {
          await rm(folder, { recursive: true });
        }
      },
      /^Bundle \S+ is incomplete: .*; copy it again\.\n$/,
    ],
    [
      'is damaged',
      () => damaged(bundle.entries[partNames.images].offset + 100_000, 'damage', up),
      /^Bundle \S+ is damaged: images\.tar\.gz has another SHA-256 .*; copy it again\.\n$/,
    ],
    [
      'is for another processor',
      async () => damaged(await inManifest(`"${process.arch}"`), `"${'z'.repeat(process.arch.length)}"`, up),
      /^Bundle \S+ is for linux z+, this machine is linux \w+; make one on a machine like this\.\n$/,
    ],
    [
      'was made from a newer version',
      async () => damaged((await inManifest('"version": "')) + '"version": "'.length, '9', up),
      /^Bundle \S+ was made from another state of the project \(9\S+, here is \S+\); .*\n$/,
    ],
    ['is not there', () => up('nowhere.tar'), /^Bundle nowhere\.tar cannot be read \(ENOENT\); .*\n$/],
  ])('is refused when it %s, in one sentence and before anything is touched', async (_, run, sentence) => {
    const refused = await run();
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(sentence);
    expect(existsSync(join(checkout, 'node_modules'))).toBe(false);
    expect((await machine.run('docker', 'images', '--quiet')).stdout).toBe('');
  });

  it('deploys where nothing can be reached, Prometheus too, and a film plays', async () => {
    const settings = join(checkout, 'Pulumi.dev.yaml');
    writeFileSync(settings, `${readFileSync(settings, 'utf8')}  janus-deploy:monitoring: true\n`);
    const deployed = await up(bundle.path, '--verify');
    expect(deployed.exitCode, deployed.stdout + deployed.stderr).toBe(0);
    expect(deployed.stdout).toMatch(/bundle\s+toolchain, images, Janus source, sample media put in place/);
    expect(deployed.stdout).toContain('every service answers');
    expect(deployed.stdout).toContain(`https://${machine.address}:8443/player/`);
    const health = [
      'docker',
      'inspect',
      '--format',
      '{{.State.Health.Status}}',
      'janus-deploy-dev-prometheus',
    ];
    expect((await machine.run(...health)).stdout.trim()).toBe('healthy');
  });

  it('installs the engine on a Debian that has none and reaches nothing', async () => {
    const script = 'mkdir /packages && tar -xz -C /packages && sh /install /packages && dockerd --version';
    const { baseImage } = bundle.manifest.images;
    const installed = await $({
      quiet: true,
      nothrow: true,
      input: readPart(bundle, partNames.engine),
    })`docker run --rm -i --network none --volume ${installEngineScript}:/install:ro ${baseImage} sh -c ${script}`;
    expect(installed.exitCode, installed.stderr).toBe(0);
    expect(installed.stdout).toMatch(/Docker version \d+/);
  });
});
