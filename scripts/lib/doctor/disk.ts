/** Whether there is room for what is built and kept. Pure. */
import { about, type Finding } from './finding.ts';

/** A folder's disk; sizes in MiB. */
export interface DiskFacts {
  folder: string;
  /** Undefined where it cannot be looked at. */
  free: number | undefined;
  needed: number;
}

/** Free space in MiB below which an image build may fail half-way. */
export const roomForImages = 3000;
export const roomForState = 200;

const { ok, unknown, error } = about('disk');

export const diskFindings = (disks: DiskFacts[]): Finding[] =>
  disks.map(({ folder, free, needed }) => {
    if (free === undefined) return unknown(`How much room the disk of ${folder} has is not known here`);
    if (free >= needed) return ok(`${free} MiB free on the disk of ${folder}`);
    return error({
      what: `The disk of ${folder} has ${free} MiB left; accepted: ${needed} or more`,
      why: 'an image that is built, or a state that is written, fails half-way',
      remedy: 'free some room',
    });
  });
