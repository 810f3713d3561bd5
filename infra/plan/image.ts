/** Which image each service runs, and what it is built from. Pure. */
import { createHash } from 'node:crypto';
import type { ServiceName } from './container.ts';
import type { Plan } from './plan.ts';

export interface ImagePlan {
  /** With a tag that is a hash of all that goes in: an image never replaces another under its name. */
  name: string;
  tag: string;
  /** Folder that it is built from. */
  context: string;
  buildArgs: Record<string, string>;
  /** Whether the engine has it: it was built before, or came with a bundle. */
  present: boolean;
}

/** What an image is built from. */
export interface ImageSources {
  /** Build context, with the hash of its content. */
  context: { path: string; hash: string };
  buildArgs: Record<string, string>;
}

/** All that has to be built, and Prometheus where it is asked for. */
export type ImagePlans = Record<ServiceName, ImagePlan> & { prometheus?: ImagePlan };

/** @param onEngine names, with tags, of the images that the engine has */
export function planImage(
  service: string,
  { context: { path: context, hash }, buildArgs }: ImageSources,
  onEngine: ReadonlySet<string>,
): ImagePlan {
  const inputs = JSON.stringify({ context: hash, ...buildArgs });
  const tag = createHash('sha256').update(inputs).digest('hex').slice(0, 16);
  const name = `janus-deploy/${service}:${tag}`;
  return { name, tag, context, buildArgs, present: onEngine.has(name) };
}

/** What every image is built with. Another date is another image, whose packages are fetched anew. */
const baseArgs = ({ baseImage, refreshed }: Pick<Plan, 'baseImage' | 'refreshed'>) => ({
  BASE_IMAGE: baseImage,
  ...(refreshed && { REFRESHED: refreshed }),
});

/** What the gateway is built with. */
export const gatewayArgs = (plan: Pick<Plan, 'baseImage' | 'refreshed' | 'flavour'>) => ({
  ...baseArgs(plan),
  FLAVOUR: plan.flavour,
});

/**
 * The images of all services.
 * @param contexts their build contexts, with the hash of the content
 * @param onEngine names, with tags, of the images that the engine has
 */
export function planImages(
  plan: Pick<Plan, 'baseImage' | 'refreshed' | 'flavour'>,
  contexts: Record<ServiceName, ImageSources['context']> & { prometheus?: ImageSources['context'] },
  onEngine: ReadonlySet<string>,
): ImagePlans {
  const image = (service: string, context: ImageSources['context'], buildArgs: Record<string, string>) =>
    planImage(service, { context, buildArgs }, onEngine);
  const base = baseArgs(plan);
  // The demos are those of the gateway's release.
  const released = gatewayArgs(plan);
  return {
    gateway: image('gateway', contexts.gateway, released),
    turn: image('turn', contexts.turn, base),
    web: image('web', contexts.web, released),
    ...(contexts.prometheus && { prometheus: image('prometheus', contexts.prometheus, base) }),
  };
}
