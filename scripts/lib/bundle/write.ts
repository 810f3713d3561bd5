/** Writes the file of a bundle; it appears whole or not at all. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import tar from 'tar-stream';
import { Failure } from '../steps.ts';
import { type Manifest, manifestName } from './file.mjs';
import type { Part } from './parts.ts';

/** Higher levels take several times as long and save a few percent. */
const compression = { level: 3 };

/** A disk that is full is told in a sentence. */
function explain(error: NodeJS.ErrnoException): never {
  if (error.code !== 'ENOSPC') throw error;
  throw new Failure(
    'The disk is full; a bundle and its parts take 700 MB, name a file on another by --output.',
  );
}

/** Collects parts in a folder beside the bundle, then puts them into it. */
export class BundleWriter implements AsyncDisposable {
  readonly folder: string;
  readonly #path: string;
  readonly #parts: Manifest['parts'] = {};

  constructor(path: string) {
    this.#path = path;
    this.folder = `${path}.parts`;
  }

  async open(): Promise<this> {
    // What a killed run left.
    await rm(this.folder, { recursive: true, force: true });
    await mkdir(this.folder, { recursive: true });
    return this;
  }

  /** @returns the size of the compressed part in bytes */
  async add({ name, what, content }: Part): Promise<number> {
    const hash = createHash('sha256');
    const hashing = new Transform({
      transform(chunk, _, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    const file = join(this.folder, name);
    await pipeline(await content(), createGzip(compression), hashing, createWriteStream(file)).catch(explain);
    const { size: bytes } = await stat(file);
    this.#parts[name] = { sha256: hash.digest('hex'), bytes, what };
    return bytes;
  }

  /** @returns the size of the bundle in bytes */
  async finish(described: Omit<Manifest, 'format' | 'parts'>): Promise<number> {
    const manifest: Manifest = { format: 1, ...described, parts: this.#parts };
    const whole = join(this.folder, 'whole');
    await this.#pack(whole, manifest).catch(explain);
    await rename(whole, this.#path);
    return (await stat(this.#path)).size;
  }

  async #pack(whole: string, manifest: Manifest): Promise<void> {
    const pack = tar.pack();
    const written = pipeline(pack, createWriteStream(whole));
    pack.entry({ name: manifestName }, JSON.stringify(manifest, null, 2));
    for (const [name, { bytes: size }] of Object.entries(this.#parts)) {
      await pipeline(createReadStream(join(this.folder, name)), pack.entry({ name, size }));
      await rm(join(this.folder, name));
    }
    pack.finalize();
    await written;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
