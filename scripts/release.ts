/** `npm run release`: all that is published of a version, in one folder. */
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ServiceName } from '../infra/plan/container.ts';
import { ensureBaseImage } from './lib/base-image.ts';
import { ensureImages } from './lib/bundle/images.ts';
import { $ } from './lib/command.ts';
import { debianPackages, otherParts, sha256 } from './lib/packages.ts';
import { projectFolder } from './lib/paths.ts';
import { ensureToolchain } from './lib/pulumi.ts';
import { billOfMaterials } from './lib/sbom.ts';
import { findJanusArchive, Unreachable } from './lib/sources.ts';
import { Failure, main, readCommand, step } from './lib/steps.ts';
import { projectVersion, versionsOfParts } from './lib/version.ts';

const usage = `Usage: npm run release -- [options]

  --output FOLDER   release/VERSION unless said; replaced when it is there
  --base IMAGE      that the images are built on; auto unless said, as in baseImage
  --images-only     neither packs the npm packages nor saves the images`;

const { values } = readCommand(
  () =>
    parseArgs({
      options: {
        output: { type: 'string' },
        base: { type: 'string', default: 'auto' },
        'images-only': { type: 'boolean', default: false },
      },
    }),
  usage,
);

const version = projectVersion;

await main(async () => {
  const folder = resolve(values.output ?? join(projectFolder, 'release', version));
  await step('version', async () => ({ result: checkVersions(), value: undefined }));
  const toolchain = await ensureToolchain((part) => console.log(`  building ${part} …`));
  const base = await ensureBaseImage(values.base);
  const archive = await findJanusArchive('').catch((error) => {
    if (error instanceof Unreachable) return undefined;
    throw error;
  });
  const flavour = archive === undefined ? 'distribution' : '0.9.1';
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });

  const images = await step('images', async () => {
    const { name: baseImage, refreshed } = base;
    const built = await ensureImages({ baseImage, refreshed, flavour, archive }, toolchain, (line) =>
      console.log(`  ${line}`),
    );
    const tagged: Record<string, string> = {};
    for (const image of built) {
      const name = `${image.split(':')[0]}:${version}-janus${flavour}`;
      await $({ quiet: true })`docker tag ${image} ${name}`;
      tagged[name.split(/[/:]/)[1]] = name;
    }
    return { result: Object.values(tagged).join(', '), value: tagged };
  });
  for (const [service, image] of Object.entries(images)) {
    await step(service, async () => {
      const debian = await debianPackages(image);
      const others = await otherParts(service as ServiceName, image, flavour);
      await writeFile(join(folder, `${service}.cdx.json`), await billOfMaterials(image, debian, others));
      await saveLicences(image, join(folder, `${service}-licences.tar.gz`));
      const result = `${debian.length} packages of the distribution, ${others.length} other parts`;
      return { result, value: undefined };
    });
  }
  if (!values['images-only']) {
    await step('save images', async () => {
      const path = join(folder, `images-${version}-janus${flavour}.tar`);
      await $({ quiet: true })`docker save --output ${path} ${Object.values(images)}`;
      return { result: path, value: undefined };
    });
    await step('npm packages', async () => ({ result: await packNpm(folder), value: undefined }));
  }
  await copyFile(join(projectFolder, 'CHANGELOG.md'), join(folder, 'CHANGELOG.md'));
  await copyFile(join(projectFolder, 'LICENSE'), join(folder, 'LICENSE'));
  await copyFile(join(projectFolder, 'janus-plugins/play/COPYING'), join(folder, 'COPYING'));
  await copyFile(join(projectFolder, 'player-dist/licenses.md'), join(folder, 'player-licences.md'));
  await step('checksums', async () => ({ result: await writeChecksums(folder), value: undefined }));
  console.log(`
  ${folder}
  Who publishes the images has to offer their sources as well: npm run sources
`);
});

/** One version for all parts, which the changelog tells of. */
function checkVersions(): string {
  const wrong = Object.entries(versionsOfParts()).filter(([, found]) => found !== version);
  if (wrong.length > 0) {
    throw new Failure(
      `package.json says ${version}, ${wrong.map(([file, found]) => `${file} ${found}`).join(', ')}; set the same version in all of them.`,
    );
  }
  const changelog = join(projectFolder, 'CHANGELOG.md');
  if (!existsSync(changelog) || !readFileSync(changelog, 'utf8').includes(`\n## ${version}\n`)) {
    throw new Failure(`CHANGELOG.md has no section "## ${version}"; write what changed.`);
  }
  return `${version}, in every part`;
}

/** The licences of the distribution's packages, as these bring them. */
async function saveLicences(image: string, path: string): Promise<void> {
  const command = 'cd /usr/share/doc && tar --create --gzip --dereference */copyright';
  const packing = $({
    quiet: true,
  })`docker run --rm --network none --user 0 --entrypoint sh ${image} -c ${command}`;
  await packing.pipe(createWriteStream(path));
}

async function packNpm(folder: string): Promise<string> {
  const names: string[] = [];
  for (const workspace of [[], ['--workspace', 'player']]) {
    const packed = await $({
      quiet: true,
      cwd: projectFolder,
    })`npm pack --json --pack-destination ${folder} ${workspace}`;
    const [{ filename }] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf('[')));
    names.push(filename);
  }
  return names.join(', ');
}

async function writeChecksums(folder: string): Promise<string> {
  const names = (await readdir(folder)).sort();
  const lines = await Promise.all(
    names.map(async (name) => `${sha256(await readFile(join(folder, name)))}  ${name}\n`),
  );
  await writeFile(join(folder, 'SHA256SUMS'), lines.join(''));
  return `SHA256SUMS, ${names.length} files`;
}
