/** How much room there is for what is built and kept. */
import { statfs } from 'node:fs/promises';
import { $ } from './command.ts';
import { type DiskFacts, roomForImages, roomForState } from './doctor/disk.ts';
import { stateFolder } from './paths.ts';

export async function readDisks(): Promise<DiskFacts[]> {
  const engineRoot = (await $({ quiet: true })`docker info --format ${'{{.DockerRootDir}}'}`).stdout.trim();
  return Promise.all([
    // A remote engine's folder cannot be looked at from here.
    freeRoom(engineRoot, roomForImages),
    freeRoom(stateFolder, roomForState),
  ]);
}

async function freeRoom(folder: string, needed: number): Promise<DiskFacts> {
  const disk = await statfs(folder).catch(() => undefined);
  return { folder, needed, free: disk && Math.floor((disk.bavail * disk.bsize) / 2 ** 20) };
}
