/** An image on the engine: there already, or built from its context. */
import * as docker from '@pulumi/docker';
import type * as pulumi from '@pulumi/pulumi';
import type { ImagePlan } from '../plan/image.ts';

/**
 * The tag says all that is in the image, so it is part of the resource's name: another content is another resource,
 * and of one content it does not matter how it came to the engine. It is never built in a preview.
 */
export function provideImage(
  name: string,
  { name: image, tag, context, buildArgs, present }: ImagePlan,
  opts: pulumi.CustomResourceOptions,
): docker.RemoteImage {
  return new docker.RemoteImage(
    `${name}-${tag}`,
    {
      name: image,
      build: present
        ? undefined
        : {
            context,
            buildArgs,
            // A failed build reports its last step alone; the log has the compiler's message.
            buildLogFile: `${context}.log`,
          },
      // Older images are what a rollback needs; `npm run up` prunes those that no deployment uses.
      keepLocally: true,
    },
    { ...opts, ignoreChanges: ['build'] },
  );
}
