/**
 * What cannot be made again, in one file: Pulumi's state of all stacks with the passphrase that its secrets are
 * encrypted with, and the certificates that were made here.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import tar from 'tar-stream';
import { stateFolder } from './paths.ts';
import { takeOverLocks } from './recovery.ts';
import { knownStacks } from './stack.ts';
import { Failure } from './steps.ts';

/** Of this machine and its processes, and what an earlier restoring has put aside. */
const ofThisMachine =
  /^(dockerd\.(pid|log)|installed-packages|replaced-.*)$|(^|\/)locks(\/|$)|\.(new|tmp|attrs)$/;

const manifestName = 'manifest.json';

interface Manifest {
  format: 1;
  /** Of the project that wrote it. */
  version: string;
  /** ISO 8601. */
  made: string;
  stacks: string[];
  /** SHA-256 by name. */
  files: Record<string, string>;
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/**
 * Writes the backup, for its owner alone to read; runs that are under way are waited for.
 * @throws Failure when there is nothing to keep
 */
export async function writeBackup(path: string, version: string): Promise<Manifest> {
  const stacks = knownStacks();
  for (const stack of stacks) await takeOverLocks(stack);
  const contents = await readState();
  if (contents.size === 0) throw new Failure(`There is no state in ${stateFolder}: nothing was deployed.`);
  const manifest: Manifest = {
    format: 1,
    version,
    made: new Date().toISOString(),
    stacks,
    files: Object.fromEntries([...contents].map(([name, content]) => [name, sha256(content)])),
  };
  const pack = tar.pack();
  const packed = buffer(pack);
  pack.entry({ name: manifestName }, JSON.stringify(manifest, null, 2));
  for (const [name, content] of contents) pack.entry({ name, mode: 0o600 }, content);
  pack.finalize();
  // It appears whole or not at all.
  await writeFile(`${path}.new`, gzipSync(await packed), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return manifest;
}

async function readState(): Promise<Map<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  if (!existsSync(stateFolder)) return contents;
  const names = (await readdir(stateFolder, { recursive: true })).map((name) => name.replaceAll('\\', '/'));
  for (const name of names.sort()) {
    const path = join(stateFolder, name);
    if (ofThisMachine.test(name) || name.startsWith('replaced-') || !(await lstat(path)).isFile()) continue;
    contents.set(name, await readFile(path));
  }
  return contents;
}

/** @throws Failure when it is no backup, or not the whole of one */
export async function readBackup(
  path: string,
): Promise<{ manifest: Manifest; contents: Map<string, Buffer> }> {
  const contents = new Map<string, Buffer>();
  try {
    const extract = tar.extract();
    extract.on('entry', (header, stream, next) => {
      buffer(stream).then((content) => {
        contents.set(header.name, content);
        next();
      }, next);
    });
    await pipeline([gunzipSync(await readFile(path))], extract);
  } catch (error) {
    throw new Failure(
      `${path} is not a backup (${(error as Error).message}); name a file made by npm run backup.`,
    );
  }
  const manifest = JSON.parse(contents.get(manifestName)?.toString() ?? '{}') as Manifest;
  contents.delete(manifestName);
  if (manifest.format !== 1) {
    throw new Failure(`${path} is not a backup that this version reads; name a file made by npm run backup.`);
  }
  const listed = Object.keys(manifest.files);
  const wrong = listed.find((name) => {
    const content = contents.get(name);
    const leadsOut = isAbsolute(name) || name.split('/').includes('..');
    return leadsOut || content === undefined || sha256(content) !== manifest.files[name];
  });
  if (wrong !== undefined || listed.length !== contents.size) {
    throw new Failure(
      `Backup ${path} is damaged: ${wrong ?? 'it has files that it does not list'}; take another.`,
    );
  }
  return { manifest, contents };
}

/**
 * Puts the files of a backup in place.
 * @param replace whether a state that is there may be put aside
 * @returns the folder that it was put into, if there was one
 * @throws Failure when there is one and it may not
 */
export async function restoreBackup(
  contents: Map<string, Buffer>,
  replace: boolean,
): Promise<string | undefined> {
  await mkdir(stateFolder, { recursive: true });
  await chmod(stateFolder, 0o700);
  const there = (await readdir(stateFolder)).filter((name) => !ofThisMachine.test(name));
  if (there.length > 0 && !replace) {
    throw new Failure(
      `${stateFolder} has a state already (${there.join(', ')}); add --replace to put that aside, or set XDG_STATE_HOME to another folder.`,
    );
  }
  for (const stack of knownStacks()) await takeOverLocks(stack);
  const aside = join(stateFolder, `replaced-${new Date().toISOString().replaceAll(':', '-')}`);
  if (there.length > 0) await mkdir(aside, { mode: 0o700 });
  for (const name of there) await rename(join(stateFolder, name), join(aside, name));
  try {
    for (const [name, content] of contents) {
      const path = join(stateFolder, name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, content, { mode: 0o600 });
    }
  } catch (error) {
    // What was there is better than half of something else.
    for (const name of new Set([...contents.keys()].map((path) => path.split('/')[0]))) {
      await rm(join(stateFolder, name), { recursive: true, force: true });
    }
    for (const name of there) await rename(join(aside, name), join(stateFolder, name));
    throw error;
  }
  return there.length > 0 ? aside : undefined;
}
