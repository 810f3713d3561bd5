import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planImages } from '../../infra/plan/image.ts';
import type { DebianPackage } from '../../scripts/lib/packages.ts';
import { projectFolder } from '../../scripts/lib/paths.ts';
import { billOfMaterials } from '../../scripts/lib/sbom.ts';
import { projectVersion, versionsOfParts } from '../../scripts/lib/version.ts';

describe('the version', () => {
  it('is one for all parts', () => {
    expect(new Set(Object.values(versionsOfParts()))).toEqual(new Set([projectVersion]));
  });

  it('has its section in the changelog', () => {
    const changelog = readFileSync(join(projectFolder, 'CHANGELOG.md'), 'utf8');
    expect(changelog).toContain(`\n## ${projectVersion}\n`);
  });
});

describe('the bill of materials', () => {
  const libc: DebianPackage = {
    name: 'libc6',
    version: '2.36-9+deb12u13',
    architecture: 'amd64',
    source: { name: 'glibc', version: '2.36-9+deb12u13' },
  };

  it('names every package by its URL, with the source it is built from', async () => {
    const janus = {
      name: 'janus-gateway',
      version: '0.9.1',
      url: 'pkg:github/meetecho/janus-gateway',
      license: 'GPL-3.0-only',
      sha256: 'ab'.repeat(32),
    };
    const bom = JSON.parse(await billOfMaterials('janus-deploy/gateway:1.0.0-janus0.9.1', [libc], [janus]));
    expect(bom.metadata.component).toMatchObject({
      type: 'container',
      name: 'janus-deploy/gateway',
      version: '1.0.0-janus0.9.1',
    });
    expect(bom.components).toMatchObject([
      {
        purl: 'pkg:deb/debian/libc6@2.36-9%2Bdeb12u13?arch=amd64&distro=debian-12&upstream=glibc%402.36-9%2Bdeb12u13',
      },
      {
        purl: 'pkg:github/meetecho/janus-gateway@0.9.1',
        hashes: [{ alg: 'SHA-256', content: janus.sha256 }],
        licenses: [{ expression: 'GPL-3.0-only' }],
      },
    ]);
  });
});

describe('security updates', () => {
  it('make other images, whose packages are fetched anew', () => {
    const context = { path: '/contexts/x', hash: '0'.repeat(64) };
    const contexts = { gateway: context, turn: context, web: context };
    const images = (refreshed?: string) =>
      planImages({ baseImage: 'debian:bookworm-slim', flavour: '0.9.1', refreshed }, contexts, new Set());
    const [never, once] = [images(), images('2026-01-01T00:00:00Z')];
    for (const service of ['gateway', 'turn', 'web'] as const) {
      expect(once[service].tag).not.toBe(never[service].tag);
      expect(once[service].buildArgs.REFRESHED).toBe('2026-01-01T00:00:00Z');
      expect(never[service].buildArgs).not.toHaveProperty('REFRESHED');
    }
  });
});
