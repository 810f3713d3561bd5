/**
 * The file of a bundle: a tar of manifest.json, which lists the parts with their hashes, and of the parts. Plain
 * JavaScript without packages, as scripts/run.mjs gets the packages out of it.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

/**
 * @typedef {object} Manifest
 * @property {1} format
 * @property {{ version: string, lock: string, sources: string }} project version; SHA-256 of the lock file and of
 *   what the images and the toolchain are made from
 * @property {{ platform: string, arch: string }} machine what it is for, as Node names it
 * @property {{ baseImage: string, refreshed?: string, flavour: string, names: string[] }} images names are those of all
 *   images in it
 * @property {Record<string, { sha256: string, bytes: number, what: string }>} parts by name
 */

/**
 * @typedef {object} Bundle
 * @property {string} path
 * @property {Manifest} manifest
 * @property {Record<string, { offset: number, bytes: number }>} entries where each part lies in the file
 */

export const manifestName = 'manifest.json';

/** The part that scripts/run.mjs puts in place, in one folder `node_modules`. */
export const packagesName = 'packages.tar.gz';

/** What is wrong with a bundle, a sentence. */
export class BundleError extends Error {
  name = 'BundleError';
}

const block = 512;

/**
 * Reads the manifest and finds the parts; their content is not looked at.
 * @param {string} path
 * @returns {Promise<Bundle>}
 */
export async function openBundle(path) {
  const file = await open(path).catch((error) => {
    throw new BundleError(
      `Bundle ${path} cannot be read (${error.code}); name a file made by npm run bundle.`,
    );
  });
  try {
    const { size } = await file.stat();
    /** @type {Bundle['entries']} */
    const entries = {};
    const header = Buffer.alloc(block);
    for (let at = 0; ; ) {
      const { bytesRead } = await file.read(header, 0, block, at);
      if (at === 0 && header.toString('latin1', 257, 262) !== 'ustar') {
        throw new BundleError(`${path} is not a bundle; name a file made by npm run bundle.`);
      }
      if (bytesRead < block) throw truncated(path);
      // The archive's end.
      if (header[0] === 0) break;
      const name = header.toString('utf8', 0, 100).replace(/\0.*$/s, '');
      const bytes = Number.parseInt(header.toString('latin1', 124, 136), 8);
      entries[name] = { offset: at + block, bytes };
      at += block * (1 + Math.ceil(bytes / block));
      if (at > size) throw truncated(path);
    }
    const { offset, bytes } = entries[manifestName] ?? { offset: 0, bytes: 0 };
    const { buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, offset);
    const manifest = readManifest(buffer.toString());
    if (manifest?.format !== 1) {
      throw new BundleError(
        `${path} is not a bundle that this version reads; make it again by npm run bundle.`,
      );
    }
    return { path, manifest, entries };
  } finally {
    await file.close();
  }
}

const truncated = (/** @type {string} */ path) =>
  new BundleError(`Bundle ${path} is incomplete: it ends in the middle of a part; copy it again.`);

/** @returns {Manifest | undefined} */
function readManifest(/** @type {string} */ text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Makes sure that the bundle is for this machine and checkout, and that every part is what the manifest says.
 * @param {Bundle} bundle
 * @param {{ version: string, lock: string }} project of the checkout
 */
export async function verifyBundle(bundle, project) {
  const { path, manifest, entries } = bundle;
  const { machine, parts } = manifest;
  const here = `${process.platform} ${process.arch}`;
  if (`${machine.platform} ${machine.arch}` !== here) {
    throw new BundleError(
      `Bundle ${path} is for ${machine.platform} ${machine.arch}, this machine is ${here}; make one on a machine like this.`,
    );
  }
  if (manifest.project.version !== project.version || manifest.project.lock !== project.lock) {
    throw otherVersion(bundle, project.version);
  }
  for (const [name, { sha256, bytes }] of Object.entries(parts)) {
    const hash = createHash('sha256');
    if (entries[name]?.bytes === bytes) for await (const chunk of readPart(bundle, name)) hash.update(chunk);
    if (hash.digest('hex') !== sha256) {
      throw new BundleError(
        `Bundle ${path} is damaged: ${name} has another SHA-256 than its manifest says; copy it again.`,
      );
    }
  }
}

/** @param {Bundle} bundle @param {string} version of the checkout */
export const otherVersion = ({ path, manifest }, version) =>
  new BundleError(
    `Bundle ${path} was made from another state of the project (${manifest.project.version}, here is ${version}); deploy from the checkout that it was made from, or make it again.`,
  );

/**
 * The content of a part.
 * @param {Bundle} bundle
 * @param {string} name
 */
export function readPart({ path, entries }, name) {
  const { offset, bytes } = entries[name];
  return createReadStream(path, { start: offset, end: offset + bytes - 1 });
}

/**
 * Unpacks a part into a folder that is there.
 * @param {Bundle} bundle
 * @param {string} name
 * @param {string} folder
 */
export async function unpackPart(bundle, name, folder) {
  const tar = spawn('tar', ['-xz', '-C', folder], { stdio: ['pipe', 'ignore', 'pipe'] });
  const said = text(tar.stderr);
  const ended = once(tar, 'close');
  // A tar that ends early says why by itself.
  await pipeline(readPart(bundle, name), tar.stdin).catch(() => undefined);
  const [status] = await ended;
  if (status !== 0) {
    throw new BundleError(
      `${name} of bundle ${bundle.path} cannot be unpacked to ${folder}: ${(await said).trim().split('\n').at(-1)}.`,
    );
  }
}
