/** The image all others are built on: the official one, or one as small made from the distribution's packages. */
import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { which } from 'zx';
import type { BuildFacts } from '../../infra/plan/facts.ts';
import { $ } from './command.ts';
import { aptInstall } from './engine.ts';
import { cacheFolder } from './paths.ts';
import { Failure } from './steps.ts';

export const officialImage = 'debian:bookworm-slim';

/** As the official slim image: no documentation, no locales, no recommended packages, a merged /usr. */
const recipe = [
  '--variant=minbase',
  '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
  '--include=usr-is-merged',
  ...['doc', 'man', 'locale', 'info', 'groff', 'lintian'].map(
    (name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`,
  ),
  '--dpkgopt=path-include=/usr/share/doc/*/copyright',
  '--aptopt=Apt::Install-Recommends "false"',
  '--customize-hook=rm -rf "$1"/var/log/* "$1"/var/cache/debconf/*-old "$1"/var/lib/dpkg/*-old',
  'bookworm',
];

const recipeHash = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12);

/** Never under the official name: nobody shall take it for that. */
const ownImage = `janus-deploy/base:bookworm-${recipeHash}`;

/** Whether the engine has an image. */
export const hasImage = async (image: string): Promise<boolean> =>
  (await $({ nothrow: true, quiet: true })`docker image inspect ${image}`).exitCode === 0;

const substituted = {
  name: ownImage,
  substitute: `The base image is ${ownImage}, made from Debian's packages, as ${officialImage} could not be pulled`,
};

/**
 * The base image there is: `wanted` if it names one, else the official one or our own.
 * @throws Failure when the engine has neither; building pulls the official one only where its registry is reached.
 */
export async function findBaseImage(wanted: string): Promise<BuildFacts['baseImage']> {
  if (wanted !== 'auto') return { name: wanted };
  if (await hasImage(officialImage)) return { name: officialImage };
  if (await hasImage(ownImage)) return substituted;
  throw new Failure(
    `The engine has no base image; run \`docker pull ${officialImage}\`, or \`npm run up\`, which makes one where that cannot be reached.`,
  );
}

/** Makes sure of a base image: found, else pulled, else made. */
export async function ensureBaseImage(wanted: string): Promise<BuildFacts['baseImage']> {
  if (wanted !== 'auto') {
    if (!(await hasImage(wanted)) && (await pull(wanted)) !== 0) {
      throw new Failure(
        `baseImage is ${wanted}, which the engine neither has nor could pull; set auto or another image.`,
      );
    }
    return { name: wanted };
  }
  if (await hasImage(officialImage)) return { name: officialImage };
  if (await hasImage(ownImage)) return substituted;
  if ((await pull(officialImage)) === 0) return { name: officialImage };
  await makeOwnImage();
  return substituted;
}

const pull = async (image: string): Promise<number | null> =>
  (await $({ nothrow: true, quiet: true, timeout: '5m' })`docker pull --quiet ${image}`).exitCode;

async function makeOwnImage(): Promise<void> {
  if ((await which('mmdebstrap', { nothrow: true })) === null) {
    if (process.getuid?.() !== 0 || (await which('apt-get', { nothrow: true })) === null) {
      throw new Failure(
        `${officialImage} could not be pulled, and making one needs mmdebstrap; run \`apt-get install mmdebstrap\` as root.`,
      );
    }
    await aptInstall(['mmdebstrap']);
  }
  await mkdir(cacheFolder, { recursive: true });
  const archive = join(cacheFolder, `base-${process.pid}.tar`);
  try {
    await $({ quiet: true })`mmdebstrap ${recipe} ${archive}`;
    await $({ quiet: true })`docker import ${archive} ${ownImage}`;
  } finally {
    await rm(archive, { force: true });
  }
}
