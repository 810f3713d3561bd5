/** An image built on the engine from a build context. */
import { createHash } from 'node:crypto';
import * as docker from '@pulumi/docker';
import type * as pulumi from '@pulumi/pulumi';

export interface ImageArgs {
  /** Name without tag; the tag is a hash of all that goes in, so an image never replaces another under its name. */
  repository: string;
  context: { path: string; hash: string };
  buildArgs: Record<string, string>;
}

/** Builds the image when its context or its arguments change, never in a preview. */
export function buildImage(
  name: string,
  args: ImageArgs,
  opts: pulumi.CustomResourceOptions,
): docker.RemoteImage {
  const inputs = { context: args.context.hash, ...args.buildArgs };
  const tag = createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 16);
  return new docker.RemoteImage(
    name,
    {
      name: `${args.repository}:${tag}`,
      build: {
        context: args.context.path,
        buildArgs: args.buildArgs,
        // A failed build reports its last step alone; the log has the compiler's message.
        buildLogFile: `${args.context.path}.log`,
      },
      triggers: inputs,
      // Older images are what a rollback needs; `npm run up` prunes those that no deployment uses.
      keepLocally: true,
    },
    opts,
  );
}
