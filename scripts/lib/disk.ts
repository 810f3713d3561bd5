/** How much room there is for what is built and kept. */
import { statfs } from 'node:fs/promises';
import { $ } from './command.ts';
import { type DiskFacts, roomForImages, roomForState } from './doctor/disk.ts';
import { stateFolder } from './paths.ts';

/** @param image any that has stat: a container's own files are on the disk of the engine's folder */
export async function readDisks(image: string): Promise<DiskFacts[]> {
  const [root, asked, state] = await Promise.all([
    $({ quiet: true })`docker info --format ${'{{.DockerRootDir}}'}`,
    $({ quiet: true })`docker run --rm --network none ${image} stat --file-system --format ${'%a %S'} /`,
    statfs(stateFolder).catch(() => undefined),
  ]);
  const [blocks, size] = asked.stdout.trim().split(' ').map(Number);
  return [
    { folder: root.stdout.trim(), needed: roomForImages, free: mebibytes(blocks, size) },
    { folder: stateFolder, needed: roomForState, free: state && mebibytes(state.bavail, state.bsize) },
  ];
}

const mebibytes = (blocks: number, size: number): number => Math.floor((blocks * size) / 2 ** 20);
