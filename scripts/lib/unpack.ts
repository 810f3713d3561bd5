/**
 * Puts a service's files into its volume, run by their resource (infra/resources/files.ts): a tar in base64 on standard
 * input. It is unpacked into a new folder, and the `current` link is switched to that in one rename: a service that
 * reads at any moment finds all files of one deployment.
 */
import { buffer } from 'node:stream/consumers';
import { serviceUser } from '../../infra/plan/container.ts';
import { hashGeneration } from '../../infra/plan/marks.ts';
import { $ } from './command.ts';

/** What the resource passes in the environment variable UNPACK. */
export interface Unpack {
  volume: string;
  /** Of what is in the volume. */
  mark: string;
  /** Image with sh, tar and base64. */
  image: string;
}

const script = (mark: string): string =>
  [
    'set -eu',
    'umask 077',
    'cd /files',
    'new=$(mktemp -d generation.XXXXXX)',
    'base64 -d | tar -x --numeric-owner -C "$new"',
    `chown ${serviceUser}:${serviceUser} "$new"`,
    'chmod 755 .',
    `echo "${mark} $(${hashGeneration('$new')})" > "$new.seal"`,
    'ln -sfn "$new" current.new',
    'mv -T current.new current',
    'for old in generation.*; do [ "$old" = "$new" ] || [ "$old" = "$new.seal" ] || rm -rf "$old"; done',
  ].join('; ');

const { volume, mark, image }: Unpack = JSON.parse(process.env.UNPACK as string);
const ended = await $({
  quiet: true,
  nothrow: true,
  input: await buffer(process.stdin),
})`docker run --rm -i --network none --user 0 -v ${volume}:/files ${image} sh -c ${script(mark)}`;
if (ended.exitCode !== 0) {
  console.error(`The files of ${volume} could not be written:\n${ended.stderr.trimEnd()}`);
  process.exitCode = 1;
}
