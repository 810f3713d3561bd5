/** `npm run bundle`: one file from which `npm run up -- --bundle FILE` deploys on a machine without a network. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBaseImage, hasImage } from './lib/base-image.ts';
import { ensureImages } from './lib/bundle/images.ts';
import {
  enginePart,
  imagesPart,
  janusPart,
  type Part,
  packagesPart,
  samplesPart,
  toolchainPart,
} from './lib/bundle/parts.ts';
import { describeProject } from './lib/bundle/project.ts';
import { BundleWriter } from './lib/bundle/write.ts';
import { ensureEngine } from './lib/engine.ts';
import { ensureGrafana, grafanaImage } from './lib/grafana.ts';
import { samplesFolder } from './lib/paths.ts';
import { ensureToolchain } from './lib/pulumi.ts';
import { ensureSamples } from './lib/samples.ts';
import { loadConfig, readStackFile, stackFile } from './lib/settings.ts';
import { findJanusArchive, Unreachable } from './lib/sources.ts';
import { Failure, main, readCommand, step } from './lib/steps.ts';

const usage = `Usage: npm run bundle -- [options]

  --stack NAME    the stack that is to be deployed from it; dev unless said
  --output FILE   janus-deploy-VERSION-SYSTEM-PROCESSOR.tar unless said; replaced when it is there`;

const { values } = readCommand(
  () => parseArgs({ options: { stack: { type: 'string', default: 'dev' }, output: { type: 'string' } } }),
  usage,
);

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

await main(async () => {
  const { janus, janusArchive, baseImage, monitoring } = loadConfig(readStackFile(stackFile(values.stack)));
  const project = await describeProject();
  const machine = { platform: process.platform, arch: process.arch };
  const path = resolve(
    values.output ?? `janus-deploy-${project.version}-${machine.platform}-${machine.arch}.tar`,
  );
  await step('engine', async () => ({ result: await ensureEngine(), value: undefined }));
  const toolchain = await step('pulumi', async () => {
    const value = await ensureToolchain((part) => console.log(`  building ${part} …`));
    return { result: value.result, value };
  });
  const base = await step('base image', async () => {
    const value = await ensureBaseImage(baseImage);
    return { result: value.name, value };
  });
  const archive = await step('janus source', async () => {
    if (janus === 'distribution')
      return { result: 'not needed: the distribution’s package', value: undefined };
    const found = await findJanusArchive(janusArchive).catch((error) => {
      if (!(error instanceof Unreachable)) throw error;
      throw new Failure(
        `The source of Janus is not at hand: ${error.message}; set janusArchive, or janus: distribution for a bundle with the distribution’s.`,
      );
    });
    return { result: found, value: found };
  });
  await step('sample media', async () => ({ result: await ensureSamples(samplesFolder), value: undefined }));
  if (monitoring) await step('grafana', async () => ({ result: await ensureGrafana(), value: undefined }));
  const flavour = archive === undefined ? 'distribution' : '0.9.1';
  const images = await step('images', async () => {
    const value = await ensureImages(
      { baseImage: base.name, refreshed: base.refreshed, flavour, archive, monitored: monitoring },
      toolchain,
      (line) => console.log(`  ${line}`),
    );
    return { result: value.join(', '), value };
  });

  await using writer = await new BundleWriter(path).open();
  const grafana = monitoring && (await hasImage(grafanaImage)) ? [grafanaImage] : [];
  const names = [base.name, ...images, ...grafana];
  const parts: Part[] = [
    packagesPart,
    toolchainPart(toolchain, writer.folder),
    imagesPart(names),
    enginePart(base.name),
    ...(archive === undefined ? [] : [janusPart(archive)]),
    samplesPart,
  ];
  for (const part of parts) {
    await step(part.name.split('.')[0], async () => ({
      result: `${part.what}: ${megabytes(await writer.add(part))}`,
      value: undefined,
    }));
  }
  await step('bundle', async () => ({
    result: `${path}, ${megabytes(await writer.finish({ project, machine, images: { baseImage: base.name, refreshed: base.refreshed, flavour, names } }))}`,
    value: undefined,
  }));
  const on = values.stack === 'dev' ? '' : ` --stack ${values.stack}`;
  console.log(`
  Not in it, as they are yours: this checkout, local.env, Pulumi.${values.stack}.yaml, certificates, media.
  Copy them and the bundle to the machine, and there, in the checkout:

    node scripts/run.mjs up --bundle ${path.split(/[/\\]/).at(-1)}${on}
`);
});
