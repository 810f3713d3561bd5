/** What an image is made of. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceName } from '../../infra/plan/container.ts';
import type { JanusFlavour } from '../../infra/plan/plan.ts';
import { $ } from './command.ts';
import { demoPackages } from './demos.ts';
import { projectFolder } from './paths.ts';
import { janusRelease } from './sources.ts';
import { projectVersion } from './version.ts';

/** A package of the distribution, with the one whose source it is built from. */
export interface DebianPackage {
  name: string;
  version: string;
  architecture: string;
  source: { name: string; version: string };
}

/** What else is in it. */
export interface OtherPart {
  name: string;
  version: string;
  /** Package URL without version. */
  url: string;
  /** SPDX expression. */
  license?: string;
  /** Of its source, in hex. */
  sha256?: string;
}

/** Runs a shell command in a container of an image, without a network. */
const inImage = async (image: string, command: string): Promise<string[]> =>
  (await $({ quiet: true })`docker run --rm --network none --entrypoint sh ${image} -c ${command}`).stdout
    .split('\n')
    .filter((line) => line !== '');

const fields = ['Package', 'Version', 'Architecture', 'source:Package', 'source:Version'];

/** The distribution's packages in an image. */
export async function debianPackages(image: string): Promise<DebianPackage[]> {
  const format = `${fields.map((field) => `\${${field}}`).join(' ')}\\n`;
  const lines = await inImage(image, `dpkg-query --show --showformat='${format}'`);
  return lines.map((line) => {
    const [name, version, architecture, source, sourceVersion] = line.split(' ');
    return { name, version, architecture, source: { name: source, version: sourceVersion } };
  });
}

/** Sources of the distribution that the gateway's libraries were built from, beside its packages. */
export async function builtSources(image: string): Promise<{ name: string; version: string }[]> {
  const lines = await inImage(image, 'cat /opt/janus/built-sources 2> /dev/null || true');
  return lines.map((line) => {
    const [name, version] = line.split(' ');
    return { name, version };
  });
}

/** What is in the image of a service that is no package of the distribution. */
export async function otherParts(
  service: ServiceName,
  image: string,
  flavour: JanusFlavour,
): Promise<OtherPart[]> {
  const own = (name: string, license: string): OtherPart => ({
    name,
    version: projectVersion,
    url: `pkg:generic/${name}`,
    license,
  });
  const upstream: OtherPart = {
    name: 'janus-gateway',
    version: janusRelease.version,
    url: 'pkg:github/meetecho/janus-gateway',
    license: 'GPL-3.0-only',
    sha256: janusRelease.sha256,
  };
  const janus = flavour === '0.9.1' ? [upstream] : [];
  if (service === 'turn') return [own('janus-deploy-relay-guard', 'MIT')];
  if (service === 'web') return [...janus, ...playerPackages(), ...demoVendor()];
  const libraries = (await builtSources(image)).map(({ name, version }) => ({
    name,
    version,
    url: `pkg:deb/debian/${name}`,
  }));
  return [...janus, own('janus-plugin-tms-play', 'GPL-3.0-only'), ...libraries];
}

/** Of npm, as the player's build lists them. */
function playerPackages(): OtherPart[] {
  const text = readFileSync(join(projectFolder, 'player-dist', 'licenses.md'), 'utf8');
  return [...text.matchAll(/^## (\S+) - (\S+) \((.+)\)$/gm)].map(([, name, version, license]) => ({
    name,
    version,
    url: npmUrl(name),
    license,
  }));
}

/** Of npm, which the demos' pages load. */
const demoVendor = (): OtherPart[] =>
  demoPackages.map((name) => {
    const { version, license } = JSON.parse(
      readFileSync(join(projectFolder, 'node_modules', name, 'package.json'), 'utf8'),
    );
    return { name, version, url: npmUrl(name), license: typeof license === 'string' ? license : undefined };
  });

const npmUrl = (name: string): string => `pkg:npm/${name.replace('@', '%40')}`;

export const sha256 = (content: Buffer | string): string =>
  createHash('sha256').update(content).digest('hex');
