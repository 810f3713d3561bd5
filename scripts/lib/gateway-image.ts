/** The gateway's image as tests need it: its first stage, or with sanitizers. */
import type { JanusFlavour } from '../../infra/plan/plan.ts';
import { findBaseImage } from './base-image.ts';
import { stagedContexts } from './build-contexts.ts';
import { buildImage } from './image-build.ts';
import { findJanusArchive } from './sources.ts';

export interface GatewayBuild {
  /** Stage that it ends with: `build` has compilers, headers of that Janus and our FFmpeg. */
  target?: string;
  /** What gateway and plugins are compiled with, as gcc's -fsanitize takes it. */
  sanitize?: string;
}

/** @returns the id of the image: another run may give its name to an image of its own. */
export async function buildGatewayImage(
  flavour: JanusFlavour,
  { target = '', sanitize = '' }: GatewayBuild = {},
): Promise<string> {
  const base = await findBaseImage('auto');
  const archive = flavour === '0.9.1' ? await findJanusArchive('') : undefined;
  const { gateway } = await stagedContexts(flavour, archive);
  const name = `janus-deploy/gateway-tests:${flavour}${target && `-${target}`}${sanitize && '-sanitized'}`;
  const buildArgs = { BASE_IMAGE: base.name, FLAVOUR: flavour, SANITIZE: sanitize };
  return buildImage({ context: gateway.path, name, buildArgs, target });
}
