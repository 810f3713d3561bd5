/** Programs that some tests look with. Where one cannot be had, these tests are skipped and say why. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { which } from 'zx';
import { findGo } from '../../toolchain/build.ts';
import { $ } from './command.ts';
import { aptInstall } from './engine.ts';
import { cacheFolder } from './paths.ts';

/** A program's path, or why there is none. */
export type Found = { path: string } | { missing: string };

const sslyzeVersion = '6.3.1';
const sslyzeFolder = join(cacheFolder, `sslyze-${sslyzeVersion}`);

const gofakes3Version = '1.2.0';
const gofakes3Folder = join(cacheFolder, `gofakes3-${gofakes3Version}`);

/** Pebble, an ACME authority for tests, as Debian has it. */
export async function findPebble(): Promise<Found> {
  const path = await which('pebble', { nothrow: true });
  return path === null ? { missing: 'there is no pebble (apt-get install pebble)' } : { path };
}

/** sslyze, which looks for what is weak in a TLS server. */
export async function findSslyze(): Promise<Found> {
  const path = join(sslyzeFolder, 'bin', 'sslyze');
  return existsSync(path) ? { path } : { missing: 'sslyze is not installed; `npm test` gets it from PyPI' };
}

/** gofakes3, a server of the S3 protocol. */
export async function findGofakes3(): Promise<Found> {
  const path = join(gofakes3Folder, 'gofakes3');
  return existsSync(path)
    ? { path }
    : { missing: 'gofakes3 is not installed; `npm test` builds it from its Go module' };
}

/** The distribution's package, where it may be installed. */
export async function ensurePebble(): Promise<Found> {
  const found = await findPebble();
  const mayInstall = process.getuid?.() === 0 && (await which('apt-get', { nothrow: true })) !== null;
  if ('path' in found || !mayInstall) return found;
  await aptInstall(['pebble']).catch(() => undefined);
  return findPebble();
}

/** From PyPI, in a Python environment of its own in the cache. */
export async function ensureSslyze(): Promise<Found> {
  const found = await findSslyze();
  if ('path' in found) return found;
  const host = $({ quiet: true, nothrow: true });
  const made = await host`python3 -m venv ${sslyzeFolder}`;
  const installed =
    made.exitCode === 0
      ? await host`${join(sslyzeFolder, 'bin', 'pip')} install --quiet --disable-pip-version-check sslyze==${sslyzeVersion}`
      : made;
  if (installed.exitCode === 0) return findSslyze();
  // A half of it would count as the whole.
  await rm(sslyzeFolder, { recursive: true, force: true });
  const said = (installed.stderr || installed.stdout).trim().split('\n').at(-1);
  return { missing: `sslyze could not be installed from PyPI (${said})` };
}

/** From its Go module, where there is Go or root may install it. */
export async function ensureGofakes3(): Promise<Found> {
  const found = await findGofakes3();
  if ('path' in found) return found;
  const environment = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod', GOBIN: gofakes3Folder };
  const built = findGo(environment).then(
    (go) =>
      $({
        quiet: true,
        env: environment,
      })`${go} install github.com/johannesboyne/gofakes3/cmd/gofakes3@v${gofakes3Version}`,
  );
  return built.then(findGofakes3, (error: Error) => ({
    missing: `gofakes3 could not be built (${error.message.trim().split('\n')[0]})`,
  }));
}
