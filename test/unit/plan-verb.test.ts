/** `npm run plan`, on copies of the checkout: what it shows, and what it says of a change. */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { $, type ProcessOutput, which } from 'zx';
import { copyCheckout } from '../support/checkout.ts';

const folder = mkdtempSync(join(tmpdir(), 'janus-deploy-plan-'));
/** What a machine needs to plan: neither Docker nor Pulumi is among it. */
let path: string;

const plan = (...args: string[]): Promise<ProcessOutput> =>
  $({
    cwd: folder,
    quiet: true,
    nothrow: true,
    env: { PATH: path, HOME: folder, NO_COLOR: '1' },
  })`${process.execPath} scripts/plan.ts ${args}`;

const git = $({ cwd: folder, quiet: true });

beforeAll(async () => {
  const tools = join(folder, 'tools');
  await $({ quiet: true })`mkdir ${tools}`;
  for (const tool of ['bash', 'git', 'tar'])
    await $({ quiet: true })`ln -s ${await which(tool)} ${join(tools, tool)}`;
  path = tools;
  await copyCheckout(folder);
  await git`git init --quiet --initial-branch main`;
  await git`git config user.name test`;
  await git`git config user.email test@example.org`;
  // A link is not the folder that the checkout ignores.
  appendFileSync(join(folder, '.git/info/exclude'), '/node_modules\n/tools\n');
  await git`git add .`;
  await git`git commit --quiet --message before`;
}, 60_000);
beforeEach(() => git`git checkout --quiet .`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const set = (key: string, value: string | number) =>
  appendFileSync(join(folder, 'Pulumi.dev.yaml'), `  janus-deploy:${key}: ${value}\n`);

/** Each runs the command, which runs another, several times. */
const slow = { timeout: 60_000 };

describe('npm run plan', slow, () => {
  it('shows the alerts and the dashboard, where they are deployed, and what a change of them does', async () => {
    set('monitoring', 'true');
    const { stdout } = await plan('--against', 'main');
    expect(stdout).toMatch(/replace +prometheus .*alerts\.yml/);
    expect(stdout).toMatch(/replace +grafana .*janus-deploy\.json/);
    expect(stdout).toContain('+      - alert: ServiceDown');
  });

  it('shows the plan and every file, with placeholders for secrets, where there is no engine', async () => {
    const shown = await plan();
    expect(shown.exitCode, shown.stderr).toBe(0);
    expect(shown.stdout).toContain('==== plan.yaml');
    expect(shown.stdout).toContain('- udp 20000-20499 RTP');
    expect(shown.stdout).toContain('admin_secret = "<admin secret>"');
    const { plan: planned, files } = JSON.parse((await plan('--json')).stdout);
    for (const [service, named] of Object.entries(planned.files as Record<string, object>)) {
      expect(Object.keys(files[service])).toEqual(Object.keys(named));
      for (const name of Object.keys(named)) expect(files[service][name].text, name).not.toBe('');
    }
  });

  it('plans for another engine', async () => {
    expect((await plan('--facts', 'desktop')).stdout).toContain('why: the engine runs in a virtual machine');
    const file = join(folder, 'facts.json');
    const facts = { ...JSON.parse((await plan('--json')).stdout).plan };
    writeFileSync(file, JSON.stringify({ version: facts.name, cores: 'two' }));
    const refused = await plan('--facts', 'facts.json');
    expect(refused.exitCode).toBe(1);
    for (const fact of ['cores', 'memory', 'addresses', 'ephemeralPorts.first'].map(
      (name) => name.split('.')[0],
    ))
      expect(refused.stderr).toContain(`facts.json: ${fact}`);
  });

  it('tells every mistake of the configuration', async () => {
    set('debugLevel', 'loud');
    set('playerPrt', 1);
    const refused = await plan();
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('debugLevel is "loud"');
    expect(refused.stderr).toContain('did you mean playerPort?');
  });
});

describe('npm run plan -- --against', slow, () => {
  it('finds no difference where nothing that is deployed was changed', async () => {
    appendFileSync(join(folder, 'README.md'), 'More.\n');
    appendFileSync(join(folder, 'janus-plugins/play/tests/run'), '# more\n');
    const { stdout, exitCode } = await plan('--against', 'main');
    expect(exitCode).toBe(0);
    expect(stdout).toBe('Nothing that is deployed differs from main.\n');
  });

  it('shows what happens to which service, and the lines that differ; a policy decides its status', async () => {
    set('debugLevel', 6);
    appendFileSync(join(folder, 'images/turn/Dockerfile'), '\n');
    const forbidden = await plan('--against', 'main', '--fail-on', 'reload:web,replace:turn');
    expect(forbidden.stdout).toMatch(/^ {2}reload +gateway +debug-level$/m);
    expect(forbidden.stdout).toMatch(/^ {2}replace +turn +images\/turn\/Dockerfile$/m);
    expect(forbidden.stdout).toContain('-4\n+6\n');
    expect(forbidden.stderr).toBe('turn: replace, which --fail-on reload:web,replace:turn forbids.\n');
    expect(forbidden.exitCode).toBe(3);
    const allowed = await plan('--against', 'main', '--fail-on', 'reload:web');
    expect(allowed.exitCode).toBe(0);
  });

  it('refuses a policy that names nothing there is', async () => {
    const unknown = await plan('--against', 'main', '--fail-on', 'replace:gatway,explode:web');
    expect(unknown.exitCode).toBe(1);
    expect(unknown.stderr.split('\n').filter((line) => line.includes('--fail-on has'))).toHaveLength(2);
  });

  it('compares with a checkout in another folder by that one’s own program', async () => {
    const other = mkdtempSync(join(tmpdir(), 'janus-deploy-other-'));
    try {
      await copyCheckout(other);
      const renderer = join(other, 'infra/render/janus.ts');
      writeFileSync(
        renderer,
        readFileSync(renderer, 'utf8').replace('session_timeout: 60', 'session_timeout: 61'),
      );
      const { stdout } = await plan('--against', other);
      expect(stdout).toContain('-\tsession_timeout = 61\n+\tsession_timeout = 60\n');
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });

  it('leaves nothing behind, and says what is wrong with what it is to compare with', async () => {
    const unknown = await plan('--against', 'no-such-branch');
    expect(unknown.exitCode).toBe(1);
    expect(unknown.stderr).toContain('--against is no-such-branch, which is neither');
    await git`git rm --quiet scripts/plan.ts`;
    await git`git commit --quiet --message ${'without plan'}`;
    await git`git checkout --quiet -b later main~1`;
    expect((await plan('--against', 'main')).stderr).toContain('main is of before `npm run plan`');
    expect(existsSync(join(folder, '.git/worktrees'))).toBe(false);
  });
});
