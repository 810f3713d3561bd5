/** The Pulumi CLI and its plugins: found, else downloaded, else built. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { which } from 'zx';
import type { BuildFacts } from '../../infra/plan/facts.ts';
import { buildToolchain, builtMarker, toolchainKey, versions } from '../../toolchain/build.ts';
import { $ } from './command.ts';
import { aptInstall } from './engine.ts';
import { cacheFolder } from './paths.ts';
import { Failure } from './steps.ts';

/** A toolchain that can deploy: what to add to the environment. */
export interface Toolchain {
  environment: Record<string, string>;
  /** How it was had, for the step's line. */
  result: string;
}

const toolchains = join(cacheFolder, 'toolchain');
/** Where the toolchain of this checkout lies when it did not come from Pulumi's own installation. */
export const builtFolder = (): string => join(toolchains, toolchainKey());
const official = join(toolchains, `official-${versions.cli}`);

const withPath = (folder: string): string =>
  `${folder}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`;

const builtToolchain = (result: string): Toolchain => ({
  environment: {
    PATH: withPath(join(builtFolder(), 'bin')),
    PULUMI_HOME: join(builtFolder(), 'home'),
    PULUMI_SKIP_UPDATE_CHECK: '1',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: '1',
  },
  result,
});

const officialToolchain = (environment: Record<string, string>, result: string): Toolchain => ({
  environment: { ...environment, PULUMI_SKIP_UPDATE_CHECK: '1' },
  result,
});

/**
 * Makes sure of a toolchain: the CLI on PATH, else the official download, else one built here (minutes, once).
 * @param progress is told what takes long.
 */
export async function ensureToolchain(progress: (what: string) => void): Promise<Toolchain> {
  if (existsSync(join(builtFolder(), 'bin', 'pulumi'))) {
    const made = existsSync(join(builtFolder(), builtMarker)) ? 'built earlier from Go modules' : 'official';
    return builtToolchain(`v${versions.cli}, ${made}`);
  }
  const found = await which('pulumi', { nothrow: true });
  if (found !== null) {
    const version = (await $({ quiet: true })`pulumi version`).stdout.trim();
    return officialToolchain({}, `${version}, found on PATH`);
  }
  if (existsSync(official) || (await downloadOfficial())) {
    return officialToolchain({ PATH: withPath(official) }, `v${versions.cli}, official download`);
  }
  if ((await which('go', { nothrow: true })) === null && process.getuid?.() === 0)
    await aptInstall(['golang-go']);
  await buildToolchain(builtFolder(), progress).catch((error: Error) => {
    throw new Failure(
      `Pulumi is not on PATH, its download cannot be reached, and it could not be built: ${error.message}`,
    );
  });
  // Those of earlier versions of this project are of no more use.
  for (const name of readdirSync(toolchains)) {
    if (join(toolchains, name) !== builtFolder() && !name.startsWith('official-')) {
      await rm(join(toolchains, name), { recursive: true, force: true });
    }
  }
  return builtToolchain('built from Go modules');
}

/** Whether the official CLI could be downloaded whole; it fetches its plugins itself. */
async function downloadOfficial(): Promise<boolean> {
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  const url = `https://get.pulumi.com/releases/sdk/pulumi-v${versions.cli}-${process.platform}-${arch}.tar.gz`;
  const response = await fetch(url, { signal: AbortSignal.timeout(300_000) }).catch(() => undefined);
  if (!response?.ok || response.body === null) return false;
  await mkdir(toolchains, { recursive: true });
  const partial = await mkdtemp(join(toolchains, '.download-'));
  try {
    const unpack = $({ quiet: true })`tar -xz --strip-components=1 -C ${partial}`;
    for await (const chunk of response.body) unpack.stdin.write(chunk);
    unpack.stdin.end();
    await unpack;
    await rename(partial, official);
    return true;
  } catch {
    // The download broke off, or is not the archive it should be.
    return false;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Which toolchain deploys: told by what lies beside the `pulumi` that is first on `path`. */
export async function toolchainFacts(path = process.env.PATH): Promise<BuildFacts['toolchain']> {
  const cli = await which('pulumi', { nothrow: true, path });
  const marker = cli === null ? '' : join(dirname(cli), '..', builtMarker);
  if (!existsSync(marker)) return { name: 'official' };
  return {
    name: `built from Go modules: ${readFileSync(marker, 'utf8').trim()}`,
    substitute:
      'The Pulumi CLI and its plugins are built from Go modules, as the official downloads could not be reached',
  };
}
