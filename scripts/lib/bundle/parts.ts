/** The parts of a bundle: what each is for, and where its content comes from. */
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { type ProcessPromise, which } from 'zx';
import { builtMarker, versions } from '../../../toolchain/build.ts';
import { $ } from '../command.ts';
import { projectFolder, samplesFolder } from '../paths.ts';
import { builtFolder, type Toolchain } from '../pulumi.ts';
import { Failure } from '../steps.ts';
import { packagesName } from './file.mjs';

/** Files of the parts, each a compressed tar. */
export const partNames = {
  packages: packagesName,
  toolchain: 'toolchain.tar.gz',
  images: 'images.tar.gz',
  engine: 'engine.tar.gz',
  janus: 'janus.tar.gz',
  samples: 'samples.tar.gz',
} as const;

/** A part before it is compressed. */
export interface Part {
  name: string;
  /** What it is for, for a person. */
  what: string;
  /** A tar. */
  content(): Promise<Readable>;
}

const command = $({ quiet: true, nothrow: true });

/** The output of a command; it breaks off with the command's last words where that fails. */
function outputOf(process: ProcessPromise, failed: string): Readable {
  const output = new PassThrough();
  pipeline(process.stdout, output, { end: false })
    .then(() => process)
    .then(({ exitCode, stderr }) => {
      if (exitCode === 0) output.end();
      else output.destroy(new Failure(`${failed}: ${stderr.trim().split('\n').at(-1)}.`));
    })
    .catch((error: Error) => output.destroy(error));
  return output;
}

export const packagesPart: Part = {
  name: partNames.packages,
  what: 'npm packages and Node',
  async content() {
    const { packages } = JSON.parse(readFileSync(join(projectFolder, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean }>;
    };
    const needed = Object.entries(packages)
      .filter(([path, { dev }]) => path.lastIndexOf('node_modules/') === 0 && !dev)
      .map(([path]) => path)
      // Those for other systems are not installed.
      .filter((path) => existsSync(join(projectFolder, path)));
    return outputOf(
      command`tar -c -C ${projectFolder} node_modules/.bin ${needed}`,
      'The npm packages could not be packed',
    );
  },
};

/** `bin/` for PATH and `home/` for PULUMI_HOME. */
export const toolchainPart = (toolchain: Toolchain, workFolder: string): Part => ({
  name: partNames.toolchain,
  what: `Pulumi ${versions.cli} and its plugins`,
  async content() {
    const failed = 'The Pulumi toolchain could not be packed';
    if (existsSync(join(builtFolder(), builtMarker))) {
      return outputOf(command`tar -c -C ${builtFolder()} ${builtMarker} bin home/plugins`, failed);
    }
    return outputOf(command`tar -c -C ${await layOutOfficial(toolchain, workFolder)} bin home`, failed);
  },
});

/** The official CLI with its language host, and the plugins that it downloads. */
async function layOutOfficial(toolchain: Toolchain, workFolder: string): Promise<string> {
  const folder = join(workFolder, 'toolchain');
  const environment = { ...process.env, ...toolchain.environment };
  const cli = await which('pulumi', { path: environment.PATH });
  await mkdir(join(folder, 'bin'), { recursive: true });
  for (const name of ['pulumi', 'pulumi-language-nodejs']) {
    await copyFile(join(dirname(cli), name), join(folder, 'bin', name));
  }
  const pulumi = $({ quiet: true, env: { ...environment, PULUMI_HOME: join(folder, 'home') } });
  for (const name of ['docker', 'command'] as const) {
    await pulumi`${cli} plugin install resource ${name} ${versions[name]}`;
  }
  return folder;
}

export const imagesPart = (names: string[]): Part => ({
  name: partNames.images,
  what: `images ${names.join(', ')}`,
  async content() {
    return outputOf(command`docker save ${names}`, 'The engine could not save the images');
  },
});

/** Script that collects them, in a container of the base image, and the one that installs them. */
const collect = fileURLToPath(new URL('collect-engine.sh', import.meta.url));
export const installEngineScript = fileURLToPath(new URL('install-engine.sh', import.meta.url));

export const enginePart = (baseImage: string): Part => ({
  name: partNames.engine,
  what: 'the engine, for a Debian 12 that has none',
  async content() {
    const input = await readFile(collect);
    return outputOf(
      $({ quiet: true, nothrow: true, input })`docker run --rm -i --user 0 ${baseImage} sh`,
      'The engine’s Debian packages could not be downloaded in a container',
    );
  },
});

export const samplesPart: Part = {
  name: partNames.samples,
  what: 'sample media',
  async content() {
    return outputOf(command`tar -c -C ${samplesFolder} .`, 'The sample media could not be packed');
  },
};

/** A tar of the one file `archive`. */
export const janusPart = (archive: string): Part => ({
  name: partNames.janus,
  what: 'source of Janus 0.9.1',
  async content() {
    return outputOf(
      command`tar -c -C ${dirname(archive)} ${basename(archive)}`,
      'The source of Janus could not be packed',
    );
  },
});
