/**
 * Deploying from a bundle: every part is put where the steps of `npm run up` look for it, so that they find all that
 * they would otherwise download, install or build.
 */
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../../../infra/config/config.ts';
import { hasImage, noteRefresh, officialImage } from '../base-image.ts';
import { $ } from '../command.ts';
import { recordInstalled } from '../engine.ts';
import { cacheFolder } from '../paths.ts';
import { builtFolder } from '../pulumi.ts';
import { cachedArchive } from '../sources.ts';
import { Failure } from '../steps.ts';
import {
  type Bundle,
  BundleError,
  openBundle,
  otherVersion,
  readPart,
  unpackPart,
  verifyBundle,
} from './file.mjs';
import { installEngineScript, partNames } from './parts.ts';
import { describeProject } from './project.ts';

/**
 * Opens a bundle; nothing of this machine is touched.
 * @throws Failure when it is incomplete, damaged, or for another machine or checkout.
 */
export async function openVerified(path: string): Promise<Bundle> {
  try {
    const project = await describeProject();
    const bundle = await openBundle(path);
    await verifyBundle(bundle, project);
    if (bundle.manifest.project.sources !== project.sources) throw otherVersion(bundle, project.version);
    return bundle;
  } catch (error) {
    throw error instanceof BundleError ? new Failure(error.message) : error;
  }
}

/** In what a configuration asks for something else than the bundle has; each a sentence. */
export function contradictions({ path, manifest }: Bundle, config: Config): string[] {
  const { baseImage, flavour, names } = manifest.images;
  const errors: string[] = [];
  if ((config.janus === 'distribution') !== (flavour === 'distribution')) {
    errors.push(
      `janus is ${config.janus}, bundle ${path} has Janus ${flavour}; set janus: ${flavour}, or make the bundle for this stack.`,
    );
  }
  if (config.baseImage !== 'auto' && config.baseImage !== baseImage) {
    errors.push(
      `baseImage is ${config.baseImage}, the images of bundle ${path} are built on ${baseImage}; set baseImage: ${baseImage}, or make the bundle for this stack.`,
    );
  }
  if (config.dockerHost !== '') {
    errors.push(
      `dockerHost is ${config.dockerHost}, but a bundle is for the machine that it is on; take bundle and checkout there and deploy without dockerHost.`,
    );
  }
  if (config.acmeName !== '') {
    errors.push(
      `acmeName is ${config.acmeName}, but a bundle has no ACME client; set sslCertificate and sslCertificateKey instead.`,
    );
  }
  if (config.monitoring && !names.some((name) => name.startsWith('janus-deploy/prometheus:'))) {
    errors.push(
      `monitoring is true, but bundle ${path} has no Prometheus; set monitoring: false, or make the bundle for this stack.`,
    );
  }
  return errors;
}

/** Installs the engine from the bundle alone; for `ensureEngine`. */
export const engineInstaller =
  (bundle: Bundle) =>
  async (packages: string[]): Promise<void> => {
    if (!/^VERSION_CODENAME=bookworm$/m.test(readFileSync('/etc/os-release', 'utf8'))) {
      throw new Failure(
        'No container engine was found, and the one in the bundle is for Debian 12 (bookworm) alone; install Docker from your distribution’s packages.',
      );
    }
    await inWorkFolder(async (folder) => {
      await unpackPart(bundle, partNames.engine, folder);
      await $({ quiet: true })`sh ${installEngineScript} ${folder}`;
    });
    recordInstalled(packages);
  };

/**
 * Puts toolchain, Janus source, images and, unless the stack is for production, sample media in place; what is there
 * stays as it is.
 * @returns what was done, for a person.
 */
export async function unpackBundle(bundle: Bundle, config: Config): Promise<string> {
  const { baseImage, refreshed } = bundle.manifest.images;
  if (config.baseImage === 'auto' && baseImage !== officialImage && (await hasImage(officialImage))) {
    throw new Failure(
      `The engine has ${officialImage}, which baseImage: auto prefers, and the images of the bundle are built on ${baseImage}; set baseImage: ${baseImage}.`,
    );
  }
  if (refreshed) await noteRefresh(refreshed);
  const done = [
    (await installToolchain(bundle)) && 'toolchain',
    (await loadImages(bundle)) && 'images',
    (await installArchive(bundle)) && 'Janus source',
    !config.production && (await installSamples(bundle, config.mediaFolder)) && 'sample media',
  ].filter((what) => what !== false);
  return done.length > 0 ? `${done.join(', ')} put in place` : 'all of it is there already';
}

/** A folder on the disk of the cache, so that what is made in it can be renamed to its place there. */
async function inWorkFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(cacheFolder, { recursive: true });
  const folder = await mkdtemp(join(cacheFolder, '.bundle-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function installToolchain(bundle: Bundle): Promise<boolean> {
  if (existsSync(builtFolder())) return false;
  await mkdir(dirname(builtFolder()), { recursive: true });
  await inWorkFolder(async (folder) => {
    await unpackPart(bundle, partNames.toolchain, folder);
    await rename(folder, builtFolder());
  });
  return true;
}

async function loadImages(bundle: Bundle): Promise<boolean> {
  const present = await Promise.all(bundle.manifest.images.names.map(hasImage));
  if (present.every(Boolean)) return false;
  const loaded = await $({
    quiet: true,
    nothrow: true,
    input: readPart(bundle, partNames.images),
  })`docker load --quiet`;
  if (loaded.exitCode !== 0) {
    throw new Failure(
      `The engine could not load the bundle’s images: ${loaded.stderr.trim().split('\n').at(-1)}.`,
    );
  }
  return true;
}

async function installArchive(bundle: Bundle): Promise<boolean> {
  if (!(partNames.janus in bundle.manifest.parts) || existsSync(cachedArchive)) return false;
  await mkdir(dirname(cachedArchive), { recursive: true });
  await inWorkFolder(async (folder) => {
    await unpackPart(bundle, partNames.janus, folder);
    const [archive] = await readdir(folder);
    await rename(join(folder, archive), cachedArchive);
  });
  return true;
}

async function installSamples(bundle: Bundle, mediaFolder: string): Promise<boolean> {
  await mkdir(mediaFolder, { recursive: true });
  // On the media folder's own disk, and with a name that is never listed.
  const folder = await mkdtemp(join(mediaFolder, '.bundle-'));
  try {
    await unpackPart(bundle, partNames.samples, folder);
    const missing = (await readdir(folder)).filter((name) => !existsSync(join(mediaFolder, name)));
    for (const name of missing) {
      await chmod(join(folder, name), 0o644);
      await rename(join(folder, name), join(mediaFolder, name));
    }
    return missing.length > 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
