/**
 * Build contexts: the folders that images are built from. They are put together in the cache, each in a folder
 * named by the hash of its content, so that the same content is the same input to Pulumi on every run.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rename, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { cacheFolder } from './paths.ts';

/** A folder or file to put into the context, at `to` below its top. */
export interface ContextPart {
  from: string;
  to: string;
  /** What is left out, by its path below `from`, e.g. `/play/tests/run`. */
  without?: RegExp;
}

export interface BuildContext {
  path: string;
  /** SHA-256 (hex) over names, modes and contents. */
  hash: string;
}

/** What package managers, compilers, autotools and editors leave beside the sources is not part of them. */
const unwanted = [
  /(^|\/)(node_modules|\.git|\.DS_Store)(\/|$)/,
  /(^|\/)(autom4te\.cache|build-aux|m4|\.deps|\.libs)(\/|$)/,
  /(^|\/)(aclocal\.m4|configure|config\.(log|status)|libtool|Makefile(\.in)?)$/,
  /\.(o|lo|la|so|swp|trs|log)$|~$/,
];

/** Whether a file belongs to the context; `path` is below the part's folder and begins with a slash. */
const isPart = ({ without }: ContextPart, path: string): boolean =>
  ![...unwanted, ...(without ? [without] : [])].some((pattern) => pattern.test(path.replaceAll('\\', '/')));

/** Puts the parts together; the same content gives the same folder. */
export async function stageContext(name: string, parts: ContextPart[]): Promise<BuildContext> {
  const contexts = join(cacheFolder, 'contexts');
  await mkdir(contexts, { recursive: true });
  const staged = await mkdtemp(join(contexts, '.staging-'));
  try {
    for (const part of parts) {
      await cp(part.from, join(staged, part.to), {
        recursive: true,
        filter: (path) => isPart(part, path.slice(part.from.length)),
      });
    }
    const hash = await hashFolder(staged);
    const path = join(contexts, `${name}-${hash.slice(0, 16)}`);
    if (!existsSync(path)) {
      await chmod(staged, 0o755);
      await rename(staged, path);
    }
    return { path, hash };
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
}

/** SHA-256 (hex) of every file of the parts, by its path below `base`; nothing is copied. */
export async function hashParts(parts: ContextPart[], base: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const part of parts) {
    const whole = (await lstat(part.from)).isFile() ? [''] : await readdir(part.from, { recursive: true });
    for (const name of whole.sort()) {
      const path = join(part.from, name);
      if (!(await lstat(path)).isFile() || !isPart(part, path.slice(part.from.length))) continue;
      hashes[relative(base, path).replaceAll('\\', '/')] = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
    }
  }
  return hashes;
}

/** SHA-256 (hex) over the names, executable bits and contents of all files below `folder`. */
export async function hashFolder(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const names = (await readdir(folder, { recursive: true })).sort();
  for (const name of names) {
    const path = join(folder, name);
    const entry = await lstat(path);
    if (entry.isDirectory()) continue;
    const content = entry.isSymbolicLink() ? await readlink(path) : await readFile(path);
    hash
      .update(`${name.replaceAll('\\', '/')}\0${entry.mode & 0o100 ? 'x' : '-'}\0${content.length}\0`)
      .update(content);
  }
  return hash.digest('hex');
}
