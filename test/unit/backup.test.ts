/** `npm run backup` and `npm run restore`, on states of files alone. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import { projectFolder } from '../../scripts/lib/paths.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'janus-deploy-backup-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a verb on the state below `home`. */
const run = (home: string, ...args: string[]) =>
  $({
    quiet: true,
    nothrow: true,
    cwd: projectFolder,
    env: { ...process.env, XDG_STATE_HOME: join(folder, home), NO_COLOR: '1' },
  })`node scripts/run.mjs ${args}`;

const path = (home: string, name = ''): string => join(folder, home, 'janus-deploy', name);

function writeState(home: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(path(home, name)), { recursive: true });
    writeFileSync(path(home, name), text);
  }
}

const files = (home: string): Record<string, string> =>
  Object.fromEntries(
    (readdirSync(path(home), { recursive: true }) as string[])
      .filter((name) => statSync(path(home, name)).isFile())
      .map((name) => [name, readFileSync(path(home, name), 'utf8')]),
  );

const state = {
  passphrase: 'secret of this machine',
  'Pulumi.prod.yaml': 'encryptionsalt: v1:x\n',
  'certificates/ca-key.pem': 'KEY\n',
  'pulumi/.pulumi/stacks/janus-deploy/prod.json': '{}',
};
const backup = () => join(folder, 'backup.tar.gz');

describe('a backup', () => {
  it('has what cannot be made again, for its owner alone', async () => {
    writeState('first', {
      ...state,
      'dockerd.pid': '1',
      'pulumi/.pulumi/stacks/janus-deploy/prod.json.tmp': '{',
    });
    const made = await run('first', 'backup', '--output', backup());
    expect(made.stdout, made.stderr).toContain('4 files, stacks prod');
    expect(statSync(backup()).mode & 0o777).toBe(0o600);
    const restored = await run('second', 'restore', backup());
    expect(restored.exitCode, restored.stderr).toBe(0);
    expect(files('second')).toEqual(state);
    expect(statSync(path('second', 'passphrase')).mode & 0o777).toBe(0o600);
  });

  it('says of which stacks the state is elsewhere', async () => {
    writeState('shared', { passphrase: 'secret', 'shared/Pulumi.prod.yaml': 'encryptionsalt: v1:x\n' });
    const made = await run('shared', 'backup', '--output', join(folder, 'shared.tar.gz'));
    expect(made.stdout, made.stderr).toContain('2 files, stacks none');
    expect(made.stdout).toContain('Not in it: the state of prod, as that is where stateBackend says');
    expect((await run('first', 'backup', '--output', backup())).stdout).not.toContain('stateBackend');
  });

  it('is put in the place of another state only when that is asked for, which is kept then', async () => {
    writeState('third', { passphrase: 'another', 'dockerd.pid': '1' });
    const refused = await run('third', 'restore', backup());
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('has a state already (passphrase); add --replace');
    expect(files('third')).toEqual({ passphrase: 'another', 'dockerd.pid': '1' });
    const replaced = await run('third', 'restore', '--replace', backup());
    const [, aside] = /What was there is in (.+)\.\n/.exec(replaced.stdout) ?? [];
    expect(readFileSync(join(aside, 'passphrase'), 'utf8')).toBe('another');
    expect(files('third')).toMatchObject({ ...state, 'dockerd.pid': '1' });
    // What was put aside is in no later backup.
    const again = await run('third', 'backup', '--output', join(folder, 'again.tar.gz'));
    expect(again.stdout).toContain('4 files');
  });

  it('that is damaged, or something else, is refused before anything is touched', async () => {
    const content = gunzipSync(readFileSync(backup()));
    content.write('SECRET', content.indexOf(state.passphrase));
    const damaged = join(folder, 'damaged.tar.gz');
    writeFileSync(damaged, gzipSync(content));
    const refused = await run('fourth', 'restore', damaged);
    expect(refused.stderr).toContain('is damaged: passphrase; take another');
    const other = await run('fourth', 'restore', join(projectFolder, 'package.json'));
    expect(other.stderr).toContain('is not a backup');
    expect(existsSync(path('fourth'))).toBe(false);
  });

  it('of nothing is not made', async () => {
    const refused = await run('fifth', 'backup', '--output', join(folder, 'none.tar.gz'));
    expect(refused.stderr).toContain('nothing was deployed');
    expect(existsSync(join(folder, 'none.tar.gz'))).toBe(false);
  });
});
