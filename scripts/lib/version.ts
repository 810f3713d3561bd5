/** The version of this project, which all its parts have. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from './paths.ts';

const text = (path: string): string => readFileSync(join(projectFolder, path), 'utf8');

export const projectVersion: string = JSON.parse(text('package.json')).version;

/** Where the other parts say theirs. */
const places: Record<string, RegExp> = {
  'player/package.json': /^ {2}"version": "(.+)",$/m,
  'janus-plugins/play/configure.ac': /^AC_INIT\(\[.+\], \[(.+)\]\)$/m,
  'janus-plugins/play/src/plugin.c': /get_version_string\(void\)\n\{\n\s+return "(.+)";$/m,
};

/** By file; undefined where none is found. */
export const versionsOfParts = (): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(places).map(([path, place]) => [path, place.exec(text(path))?.[1]]));
