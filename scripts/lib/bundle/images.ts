/** The images of a bundle, made without deploying anything. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { planImages } from '../../../infra/plan/image.ts';
import type { JanusFlavour } from '../../../infra/plan/plan.ts';
import { stagedContexts } from '../build-contexts.ts';
import { ensureGeneratedCertificate } from '../certificates.ts';
import { presentImages } from '../engine.ts';
import { samplesFolder } from '../paths.ts';
import type { Toolchain } from '../pulumi.ts';
import { namespace } from '../settings.ts';
import { deploy, destroy, openStack } from '../stack.ts';

/** What goes into the images. */
export interface ImageChoice {
  baseImage: string;
  /** When security updates were last taken. */
  refreshed?: string;
  flavour: JanusFlavour;
  /** The verified Janus source, for the flavour that is built from it. */
  archive?: string;
  /** Whether Prometheus is among them. */
  monitored?: boolean;
}

/**
 * Makes sure that the engine has the images. Those that it lacks are built by the Pulumi program, on a stack
 * that has nothing else and is removed at once.
 * @returns their names
 */
export async function ensureImages(
  choice: ImageChoice,
  toolchain: Toolchain,
  progress: (line: string) => void,
): Promise<string[]> {
  const contexts = await stagedContexts(choice.flavour, choice.archive, choice.monitored);
  const images = Object.values(planImages(choice, contexts, await presentImages()));
  const missing = images.filter(({ present }) => !present).map(({ tag }) => `**-image-${tag}`);
  if (missing.length > 0) await build(missing, choice, toolchain, progress);
  return images.map(({ name }) => name);
}

async function build(
  targets: string[],
  { baseImage, flavour, archive, monitored }: ImageChoice,
  toolchain: Toolchain,
  progress: (line: string) => void,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'janus-deploy-bundle-'));
  try {
    const [configFile, envFile] = [join(folder, 'Pulumi.bundle.yaml'), join(folder, 'none.env')];
    const settings = {
      envFile,
      baseImage,
      janus: flavour,
      mediaFolder: samplesFolder,
      ...(archive && { janusArchive: archive }),
      ...(monitored && { monitoring: 'true' }),
    };
    const named = Object.entries(settings).map(([key, value]) => [namespace + key, value]);
    await writeFile(envFile, '');
    await writeFile(configFile, stringify({ config: Object.fromEntries(named) }));
    // The program reads one, though no web server is made here.
    await ensureGeneratedCertificate(['localhost']);
    const stack = await openStack('bundle', toolchain, configFile);
    try {
      const parents = ['Gateway', 'Turn', 'Web', ...(monitored ? ['Monitoring'] : [])].map(
        (name) => `**::janus-deploy:resources:${name}::*`,
      );
      await deploy(stack, progress, { targets: [...parents, ...targets] });
    } finally {
      await destroy(stack, () => undefined);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
