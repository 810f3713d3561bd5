/**
 * Marks tell what was changed by hand where the provider does not look: each service's container and volume of files
 * keeps the mark that it was made with, and one that was changed is made again with another. Pure.
 */

export interface Marks {
  /** Of the container: a label. */
  container: string;
  /** Of what is in the volume: beside a hash of it, in the volume. */
  files: string;
}

/** Label of a container that has its mark. */
export const markLabel = 'janus-deploy.mark';

/** Shell, in a volume: a hash of the names, owners, modes and contents of all files of a generation. */
export const hashGeneration = (folder: string): string =>
  `tar --create --sort=name --mtime=@0 --numeric-owner -C "${folder}" . | sha256sum`;
