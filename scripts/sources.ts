/** `npm run sources`: the sources of all that is in the images, which who publishes an image has to offer. */
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { $ } from './lib/command.ts';
import { builtSources, debianPackages } from './lib/packages.ts';
import { projectFolder } from './lib/paths.ts';
import { findJanusArchive, Unreachable } from './lib/sources.ts';
import { Failure, main, readCommand, step } from './lib/steps.ts';
import { projectVersion } from './lib/version.ts';

const usage = `Usage: npm run sources -- [options] [IMAGE...]

  IMAGE             the images; those that npm run release has tagged with this version unless said
  --output FOLDER   release/VERSION-sources unless said; what is there already is not fetched again`;

const { values, positionals } = readCommand(
  () => parseArgs({ options: { output: { type: 'string' } }, allowPositionals: true }),
  usage,
);

await main(async () => {
  const folder = resolve(values.output ?? join(projectFolder, 'release', `${projectVersion}-sources`));
  const images = positionals.length > 0 ? positionals : await releasedImages();
  await mkdir(folder, { recursive: true });
  await step('project', async () => {
    // With the plugin, the patches and the way in which all of it is built.
    const path = join(folder, `janus-deploy-${projectVersion}.tar.gz`);
    await $({ quiet: true, cwd: projectFolder })`git archive --format tar.gz --output ${path} HEAD`;
    return { result: path, value: undefined };
  });
  await step('janus', async () => {
    const archive = await findJanusArchive('').catch((error) => {
      if (error instanceof Unreachable) return undefined;
      throw error;
    });
    if (archive === undefined) return { result: 'the distribution’s, which is below', value: undefined };
    await copyFile(archive, join(folder, 'janus-gateway-0.9.1.tar.gz'));
    return { result: 'janus-gateway-0.9.1.tar.gz', value: undefined };
  });
  await step('distribution', async () => {
    const wanted = new Set<string>();
    for (const image of images) {
      for (const { source } of await debianPackages(image)) wanted.add(`${source.name}=${source.version}`);
      for (const { name, version } of await builtSources(image)) wanted.add(`${name}=${version}`);
    }
    await fetchDebianSources([...wanted].sort(), images[0], folder);
    return { result: `${wanted.size} source packages of ${images.join(', ')}`, value: undefined };
  });
  console.log(`\n  ${folder}`);
});

async function releasedImages(): Promise<string[]> {
  const listed = await $({
    quiet: true,
  })`docker images --filter reference=janus-deploy/*:${projectVersion}-janus* --format ${'{{.Repository}}:{{.Tag}}'}`;
  const images = listed.stdout.split('\n').filter((name) => name !== '');
  if (images.length === 0) {
    throw new Failure(
      `No image is tagged ${projectVersion}-janus…; run \`npm run release\`, or name images whose sources you want.`,
    );
  }
  return images;
}

/**
 * Fetches source packages from the distribution's servers, in the versions that the images have.
 * @throws Failure that names those that are there no more
 */
async function fetchDebianSources(wanted: string[], image: string, folder: string): Promise<void> {
  const work = join(folder, 'debian');
  await mkdir(work, { recursive: true });
  await writeFile(join(work, 'wanted'), `${wanted.join('\n')}\n`);
  const script = [
    'set -eu',
    // One a line on some base images, and in stanzas on others.
    'if [ -e /etc/apt/sources.list.d/debian.sources ]; then sed -i "s/^Types: deb$/Types: deb deb-src/" /etc/apt/sources.list.d/debian.sources',
    'else sed -n "s/^deb /deb-src /p" /etc/apt/sources.list > /etc/apt/sources.list.d/source.list; fi',
    'apt-get update -qq',
    'cd /sources',
    'while read -r package; do',
    'if ! apt-get source --print-uris -qq "$package" > /dev/null 2>&1; then echo "gone $package"',
    'elif ! apt-get source --download-only -o Acquire::Retries=2 -qq "$package" > /dev/null 2>&1; then echo "unserved $package"; fi',
    'done < wanted',
    `chown -R ${process.getuid?.() ?? 0} /sources`,
  ].join('\n');
  const fetched = await $({
    quiet: true,
    nothrow: true,
  })`docker run --rm --user 0 --volume ${work}:/sources --entrypoint sh ${image} -c ${script}`;
  await rm(join(work, 'wanted'));
  if (fetched.exitCode !== 0) {
    throw new Failure(
      `The distribution's sources cannot be fetched (${fetched.stderr.trim().split('\n').at(-1)}).`,
    );
  }
  const missing = (why: string) =>
    fetched.stdout
      .split('\n')
      .flatMap((line) => (line.startsWith(`${why} `) ? line.slice(why.length + 1) : []));
  const [gone, unserved] = [missing('gone'), missing('unserved')];
  const sentences = [
    gone.length > 0 &&
      `The distribution has newer versions than the sources of ${gone.join(', ')}; take security updates (npm run up -- --refresh-base) and make the release again, or get them from the distribution’s archive of snapshots.`,
    unserved.length > 0 &&
      `The distribution lists the sources of ${unserved.join(', ')}, but the server that was asked does not have all of their files; run the command again where another mirror answers, or get them from the distribution’s archive of snapshots.`,
  ].filter((sentence) => sentence !== false);
  if (sentences.length > 0) throw new Failure(sentences.join('\n'));
}
