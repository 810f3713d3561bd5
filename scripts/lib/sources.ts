/** The pinned Janus source: where it is looked for, and the proof that it is the right one. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { cacheFolder } from './paths.ts';
import { Failure } from './steps.ts';

/** Release of the gateway that everything is built for. */
export const janusRelease = {
  version: '0.9.1',
  url: 'https://github.com/meetecho/janus-gateway/archive/v0.9.1.tar.gz',
  file: 'janus-gateway-0.9.1.tar.gz',
  /** Of the uncompressed tar: compressors differ, the tar does not. */
  sha256: 'b7ec25c7de0ef2a9901887b85f2b06387847777ee76264bea0885991ea3e9b9b',
};

export const cachedArchive = join(cacheFolder, 'sources', janusRelease.file);

/** SHA-256 (hex) of the tar inside the gzip file `path`. */
export async function tarHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), createGunzip(), hash);
  return hash.digest('hex');
}

async function verify(path: string, from: string): Promise<void> {
  const found = await tarHash(path).catch((error: Error) => {
    throw new Failure(`${from} is not a gzip archive (${error.message}); get ${janusRelease.url} again.`);
  });
  if (found !== janusRelease.sha256) {
    throw new Failure(
      `${from} is not the source of Janus ${janusRelease.version}: its tar has SHA-256 ${found}; accepted: ${janusRelease.sha256}; get ${janusRelease.url} again.`,
    );
  }
}

/** Why the archive could not be had; nothing is wrong with what was found. */
export class Unreachable extends Error {}

/**
 * Path of the verified archive: `configured` (a path or a URL), else the download cache, else upstream.
 * @throws Unreachable when no network leads to it; Failure when what was found is not the pinned source.
 */
export async function findJanusArchive(configured: string): Promise<string> {
  const isUrl = /^https?:\/\//.test(configured);
  if (configured !== '' && !isUrl) {
    if (!existsSync(configured)) {
      throw new Failure(
        `janusArchive is ${configured}, which does not exist; set the path or URL of ${janusRelease.file}.`,
      );
    }
    await verify(configured, `janusArchive ${configured}`);
    return configured;
  }
  if (existsSync(cachedArchive)) {
    await verify(cachedArchive, cachedArchive);
    return cachedArchive;
  }
  return download(isUrl ? configured : janusRelease.url);
}

async function download(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(120_000) }).catch((error: Error) => {
    const cause = error.cause instanceof Error ? error.cause.message : error.message;
    throw new Unreachable(`${url} cannot be reached (${cause})`);
  });
  if (!response.ok || response.body === null) throw new Unreachable(`${url} answered ${response.status}`);
  const partial = `${cachedArchive}.${process.pid}`;
  await mkdir(join(cachedArchive, '..'), { recursive: true });
  try {
    await pipeline(Readable.from(response.body), createWriteStream(partial));
    await verify(partial, url);
    await rename(partial, cachedArchive);
  } finally {
    await rm(partial, { force: true });
  }
  return cachedArchive;
}
