/** The release before this checkout, from whose deployments this one has to go on. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { $ } from 'zx';
import { projectFolder } from '../../scripts/lib/paths.ts';
import { unpackRevision } from '../../scripts/lib/revision.ts';
import type { Deployment } from './deployment.ts';

const git = $({ quiet: true, nothrow: true, cwd: projectFolder });

/** The last commit before this one that gave the changelog a section: a release is made by that. */
async function findRelease(): Promise<{ revision: string } | { missing: string }> {
  if ((await git`git rev-parse --is-shallow-repository`).stdout.trim() !== 'false')
    return { missing: 'this checkout has not all of its history' };
  const found = await git`git log --max-count=1 --format=%H -G${'^## '} HEAD^ -- CHANGELOG.md`;
  const revision = found.stdout.trim();
  return revision === '' ? { missing: 'there is none before this commit' } : { revision };
}

const release = await findRelease();

/** Why there is none to be had; undefined where there is. */
export const missingRelease: string | undefined = 'missing' in release ? release.missing : undefined;

/** Deploys a deployment's stack, to the same state, by that release, which runs on the packages of this checkout. */
export async function deployByPreviousRelease(deployment: Deployment): Promise<void> {
  if ('missing' in release) throw new Error(release.missing);
  const folder = mkdtempSync(join(deployment.folder, 'previous-release-'));
  await unpackRevision(release.revision, folder);
  const settings = `Pulumi.${deployment.stack}.yaml`;
  const read = (path: string) => parse(readFileSync(path, 'utf8')).config as Record<string, unknown>;
  const known = read(join(folder, 'Pulumi.yaml'));
  const config = Object.entries(read(join(deployment.folder, settings))).filter(
    // What it does not know it refuses.
    ([key]) => key.replace('janus-deploy:', '') in known,
  );
  writeFileSync(join(folder, settings), stringify({ config: Object.fromEntries(config) }));
  // Not by run.mjs, which would install the packages of its own lock file into this checkout.
  const ended = await $({
    quiet: true,
    nothrow: true,
    cwd: folder,
    env: deployment.environment,
  })`${process.execPath} scripts/up.ts --stack ${deployment.stack}`;
  if (ended.exitCode !== 0) throw new Error(ended.stdout + ended.stderr);
}
