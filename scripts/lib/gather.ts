/** All that the plan is made from: what the operator wrote, what the engine is, what there is to build from. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { type Config, ConfigError, type Setting } from '../../infra/config/config.ts';
import type { BuildFacts, EngineFacts } from '../../infra/plan/facts.ts';
import type { MediaFile } from '../../infra/render/web.ts';
import { findBaseImage } from './base-image.ts';
import { type Certificate, checkCertificate, checkChain, loadCertificate } from './certificates.ts';
import { readEngineFacts } from './engine.ts';
import { findGrafana } from './grafana.ts';
import { toolchainFacts } from './pulumi.ts';
import { loadConfig } from './settings.ts';
import { findJanusArchive, Unreachable } from './sources.ts';

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
 * Reads everything; nothing is changed but the download cache.
 * @param known what the caller has: PATH that the deploying toolchain is found on, where it is not this process's own;
 * facts of the engine, where they were just read
 * @throws ConfigError with every sentence about what is wrong or missing.
 */
export async function gather(
  stack: Record<string, Setting>,
  known: { path?: string; engine?: EngineFacts } = {},
): Promise<Gathered> {
  const config = loadConfig(stack);
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
  const media = await attempt(() => listMedia(config.mediaFolder));
  const source = await attempt(() => janusSource(config));
  const baseImage = await attempt(() => findBaseImage(config.baseImage));
  const engine = baseImage && (await attempt(() => known.engine ?? readEngineFacts(baseImage.name)));
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

const kinds: Record<string, MediaFile['kind']> = {
  '.mp4': 'video',
  '.m4v': 'video',
  '.mov': 'video',
  '.m4a': 'audio',
  '.mp3': 'audio',
  '.wav': 'audio',
  '.ogg': 'audio',
  '.opus': 'audio',
  '.flac': 'audio',
};

/** What is wrong with the operator's own files, before anything is made; each a sentence. */
export function wrongFiles(config: Config): string[] {
  const { sslCertificate, sslCertificateKey, acmeName } = config;
  const given = sslCertificate !== '' && acmeName === '';
  return [
    ...(given ? [...checkCertificate(sslCertificate, sslCertificateKey), ...checkChain(sslCertificate)] : []),
    ...wrongMedia(config),
  ];
}

/** A folder that is missing gets sample media, except on a production stack. */
export function wrongMedia({ mediaFolder, production }: Config): string[] {
  const missing = !existsSync(mediaFolder);
  if (!(missing ? production : !statSync(mediaFolder).isDirectory())) return [];
  return [
    `mediaFolder ${mediaFolder} ${missing ? 'does not exist' : 'is not a folder'}; set the path of a folder of films and sound files.`,
  ];
}

/** As people sort: film 2 before film 10, and a name before the same name with something after it. */
const byName = new Intl.Collator('en', { numeric: true });
const stem = (name: string): string => name.slice(0, -extname(name).length);

/** Films and sound files of the media folder, by name. */
export function listMedia(folder: string): MediaFile[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new Error(
      `mediaFolder ${folder} is not a folder; create it, or make samples with \`npm run media -- sample\`.`,
    );
  }
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter(
      (name) =>
        kinds[extname(name).toLowerCase()] !== undefined &&
        !name.split('/').some((part) => part.startsWith('.')),
    )
    .sort((a, b) => byName.compare(stem(a), stem(b)) || byName.compare(a, b))
    .map((name) => ({ name, kind: kinds[extname(name).toLowerCase()] }));
}
