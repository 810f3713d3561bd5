/** All that the plan is made from: what the operator wrote, what the engine is, what there is to build from. */
import { type Config, ConfigError, type Setting } from '../../infra/config/config.ts';
import { mediaMount } from '../../infra/plan/container.ts';
import type { BuildFacts, EngineFacts } from '../../infra/plan/facts.ts';
import { deploymentName } from '../../infra/plan/plan.ts';
import type { MediaFile } from '../../infra/render/web.ts';
import { findBaseImage } from './base-image.ts';
import { type Certificate, checkCertificate, checkChain, loadCertificate } from './certificates.ts';
import { readEngineFacts } from './engine.ts';
import { findGrafana } from './grafana.ts';
import { listMedia, wrongMedia } from './media-store.ts';
import { toolchainFacts } from './pulumi.ts';
import { loadConfig } from './settings.ts';
import { findJanusArchive, Unreachable } from './sources.ts';
import { reachEngine } from './ssh.ts';

export interface Gathered {
  config: Config;
  engine: EngineFacts;
  build: BuildFacts;
  certificate: Certificate;
  media: MediaFile[];
  /** The verified Janus source, where it is at hand. */
  janusArchive?: string;
}

/**
 * Reads everything, from the engine that the configuration names; nothing is changed but the download cache.
 * @param known what the caller has: PATH that the deploying toolchain is found on, where it is not this process's own;
 * facts of the engine, where they were just read
 * @throws ConfigError with every sentence about what is wrong or missing.
 */
export async function gather(
  stack: string,
  settings: Record<string, Setting>,
  known: { path?: string; engine?: EngineFacts } = {},
): Promise<Gathered> {
  const config = loadConfig(settings);
  await reachEngine(config.dockerHost);
  const errors: string[] = [];
  /** The value, or its error among the others. */
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      errors.push(...(error as Error).message.split('\n'));
      return undefined;
    }
  };
  const certificate = await attempt(() => loadCertificate(config));
  const source = await attempt(() => janusSource(config));
  const baseImage = await attempt(() => findBaseImage(config.baseImage));
  const engine = baseImage && (await attempt(() => known.engine ?? readEngineFacts(baseImage.name)));
  const media =
    baseImage && (await attempt(() => listMedia(mediaMount(deploymentName(stack), config), baseImage.name)));
  if (!certificate || !media || !source || !baseImage || !engine || errors.length > 0)
    throw new ConfigError(errors);
  return {
    config,
    engine,
    build: {
      baseImage,
      janusSource: source.facts,
      grafana: await findGrafana(),
      toolchain: await toolchainFacts(known.path),
      certificate: certificate.facts,
    },
    certificate,
    media,
    janusArchive: source.archive,
  };
}

async function janusSource(config: Config): Promise<{ facts: BuildFacts['janusSource']; archive?: string }> {
  if (config.janus === 'distribution')
    return { facts: { available: false, why: 'janus is set to distribution' } };
  try {
    return { facts: { available: true }, archive: await findJanusArchive(config.janusArchive) };
  } catch (error) {
    if (error instanceof Unreachable) return { facts: { available: false, why: error.message } };
    throw error;
  }
}

/** What is wrong with the operator's own files, before anything is made; each a sentence. */
export function wrongFiles(config: Config): string[] {
  const { sslCertificate, sslCertificateKey, acmeName } = config;
  const given = sslCertificate !== '' && acmeName === '';
  return [
    ...(given ? [...checkCertificate(sslCertificate, sslCertificateKey), ...checkChain(sslCertificate)] : []),
    ...wrongMedia(config),
  ];
}
