/** The image all others are built on: the official one, or one as small made from the distribution's packages. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { which } from 'zx';
import type { BuildFacts } from '../../infra/plan/facts.ts';
import { $ } from './command.ts';
import { aptInstall } from './engine.ts';
import { cacheFolder, stateFolder } from './paths.ts';
import { Failure } from './steps.ts';
import { writeWhole } from './write-whole.ts';

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

/** When security updates were last taken; of all stacks of this machine, as they share base and images. */
const refreshedFile = join(stateFolder, 'refreshed');

const lastRefresh = (): string | undefined =>
  existsSync(refreshedFile) ? readFileSync(refreshedFile, 'utf8') : undefined;

/** Has images built from now on have another tag, and their packages fetched anew. */
export async function noteRefresh(date: string): Promise<void> {
  await mkdir(stateFolder, { recursive: true });
  await writeWhole(refreshedFile, date, 0o600);
}

const substituted = {
  name: ownImage,
  substitute: `The base image is ${ownImage}, made from Debian's packages, as ${officialImage} could not be pulled`,
};

/**
 * The base image there is: `wanted` if it names one, else the official one or our own.
 * @throws Failure when the engine has neither; building pulls the official one only where its registry is reached.
 */
export async function findBaseImage(wanted: string): Promise<BuildFacts['baseImage']> {
  return { ...(await findImage(wanted)), refreshed: lastRefresh() };
}

async function findImage(wanted: string): Promise<BuildFacts['baseImage']> {
  if (wanted !== 'auto') return { name: wanted };
  if (await hasImage(officialImage)) return { name: officialImage };
  if (await hasImage(ownImage)) return substituted;
  throw new Failure(
    `The engine has no base image; run \`docker pull ${officialImage}\`, or \`npm run up\`, which makes one where that cannot be reached.`,
  );
}

/** Makes sure of a base image: found, else pulled, else made. */
export async function ensureBaseImage(wanted: string): Promise<BuildFacts['baseImage']> {
  return { ...(await ensureImage(wanted)), refreshed: lastRefresh() };
}

async function ensureImage(wanted: string): Promise<BuildFacts['baseImage']> {
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

/** Status of the command: 0 when the engine has the image as it is in its registry now. */
export const pull = async (image: string): Promise<number | null> =>
  (await $({ nothrow: true, quiet: true, timeout: '5m' })`docker pull --quiet ${image}`).exitCode;

/**
 * Takes the distribution's security updates, where there are any: the base image is pulled or made anew, and the
 * services' images are built anew on it.
 * @param image the base image as it is
 * @param running the services' images, whose packages are looked at; they may be newer than those of the base image
 * @returns what was newer, for a person
 */
export async function refreshBaseImage(image: string, running: string[]): Promise<string> {
  const looked = running.length > 0 ? running : [image];
  const newer = new Set((await Promise.all(looked.map(updatesFor))).flat());
  if (newer.size === 0) return `${image}, nothing in the images has an update`;
  if (image === ownImage) await makeOwnImage();
  else if ((await pull(image)) !== 0) {
    throw new Failure(
      `${[...newer].join(', ')} have updates, but ${image} could not be pulled; mend that, and run the command again.`,
    );
  }
  await noteRefresh(new Date().toISOString());
  return `${image}, updates of ${[...newer].sort().join(', ')}`;
}

/** Packages of an image that the distribution has a newer version of. */
async function updatesFor(image: string): Promise<string[]> {
  const listed = await $({
    quiet: true,
    nothrow: true,
  })`docker run --rm --user 0 --entrypoint sh ${image} -c ${'apt-get update -qq && apt-get upgrade --just-print'}`;
  if (listed.exitCode !== 0) {
    throw new Failure(
      `The distribution's servers cannot be asked for updates (${listed.stderr.trim().split('\n').at(-1)}); mend that, or leave --refresh-base out.`,
    );
  }
  return [...listed.stdout.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
}

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
