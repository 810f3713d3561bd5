/** What is deployed as people review it, kept in the state: `npm run plan -- --deployed` finds it without an engine. */
import { createHash } from 'node:crypto';
import { local } from '@pulumi/command';
import type * as pulumi from '@pulumi/pulumi';
import type { Deployed } from '../plan/changes.ts';

/** Its hash is part of its name; facts of which nothing in the plan depends are as they were when it was made. */
export function keepDescription(deployed: Deployed, opts: pulumi.CustomResourceOptions): void {
  const hash = createHash('sha256').update(JSON.stringify(deployed.described)).digest('hex');
  new local.Command(
    `description-${hash.slice(0, 16)}`,
    // Nothing, in every shell.
    { create: 'cd .', stdin: JSON.stringify(deployed), logging: 'none' },
    { ...opts, ignoreChanges: ['stdin'] },
  );
}
