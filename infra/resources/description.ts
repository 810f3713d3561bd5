/** What is deployed as people review it, kept in the state: `npm run plan -- --deployed` finds it without an engine. */
import { createHash } from 'node:crypto';
import { local } from '@pulumi/command';
import type * as pulumi from '@pulumi/pulumi';
import type { Deployed } from '../plan/changes.ts';

/** Facts of which nothing in the plan depends are as they were when it was made. */
export function keepDescription(deployed: Deployed, opts: pulumi.CustomResourceOptions): void {
  new local.Command(
    descriptionName(deployed),
    // Nothing, in every shell.
    { create: 'cd .', stdin: JSON.stringify(deployed), logging: 'none' },
    { ...opts, ignoreChanges: ['stdin'] },
  );
}

/** Of the resource: with a hash of what is described. */
export const descriptionName = ({ described }: Deployed): string =>
  `description-${createHash('sha256').update(JSON.stringify(described)).digest('hex').slice(0, 16)}`;
