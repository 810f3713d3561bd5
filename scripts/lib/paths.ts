/** Where things lie on this machine. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const projectFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

const base = (variable: string, fallback: string): string =>
  join(process.env[variable] || join(homedir(), fallback), 'janus-deploy');

/** What can be made or downloaded again. */
export const cacheFolder = base('XDG_CACHE_HOME', '.cache');

/** Sample media that do not belong to a deployment. */
export const samplesFolder = join(cacheFolder, 'samples');

/** What cannot: Pulumi's state, its passphrase, the local certificate authority. */
export const stateFolder = base('XDG_STATE_HOME', join('.local', 'state'));
