/** What is wrong with a plugin, and where: sanitizers, a debugger, core dumps. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { $ } from 'zx';
import { JanusSession } from '../../scripts/lib/janus-session.ts';
import { Deployment } from '../support/deployment.ts';
import { missing091 } from '../support/flavours.ts';

let deployment: Deployment;

beforeAll(async () => {
  deployment = await new Deployment('e2e', { maxViewers: 4, coreDumps: 'true' }).deployAnew();
});
afterAll(async () => {
  await deployment?.remove();
});

const container = (): string => `janus-deploy-${deployment.stack}-gateway`;
const inside = async (command: string): Promise<string> =>
  (await $({ quiet: true, nothrow: true })`docker exec ${container()} sh -c ${command}`).stdout.trim();
const status = () => deployment.status();

it('shows where the gateway’s threads are, which then go on', async () => {
  const ended = await deployment.run('plugin', 'rebuild', '--gdb');
  expect(ended.exitCode, ended.stdout + ended.stderr).toBe(0);
  expect(ended.stdout).toMatch(/^#\d+ .* at \S*src\/pacer\.c:\d+$/m);
  const { stdout } = await $({ quiet: true })`docker inspect --format {{.RestartCount}} ${container()}`;
  expect(stdout.trim()).toBe('0');
  expect((await status()).gateway?.plugins).toHaveProperty(['janus.plugin.tms.play']);
});

it('keeps the core dump of a crash, named with its build, for the debugger', async ({ skip }) => {
  const pattern = await inside('cat /proc/sys/kernel/core_pattern');
  if (/[|/]/.test(pattern)) return skip(`this machine's kernel.core_pattern is ${pattern}`);
  const build = await inside('cat /opt/janus/lib/janus/plugins/build');
  await inside(
    'kill -SEGV "$(grep --line-regexp --files-with-matches janus /proc/[0-9]*/comm | cut -d / -f 3)"',
  );
  const named = new RegExp(`^gateway-${build}-\\d{8}T\\d{6}Z\\.core$`, 'm');
  await expect.poll(() => inside('ls /cores'), { timeout: 30_000, interval: 500 }).toMatch(named);
  await expect.poll(async () => (await status()).gateway !== undefined, { timeout: 30_000 }).toBe(true);

  const told = (await deployment.run('plugin', 'rebuild', '--gdb')).stdout;
  const [, words, image] =
    /docker run --interactive --tty (.*) (janus-deploy\/gateway-debug:\w+) /.exec(told) ?? [];
  expect(words, told).toBeDefined();
  const [core] = named.exec(told.replace(/\s+/g, '\n')) ?? [];
  const opened = await $({
    quiet: true,
    nothrow: true,
  })`docker run ${words.split(' ')} ${image} -batch -ex ${'thread apply all backtrace 8'} /opt/janus/bin/janus /cores/${core}`;
  expect(opened.stdout, opened.stderr).toContain('Program terminated with signal SIGSEGV');
  expect(opened.stdout).toMatch(/^#\d+ .* at \S*src\/pacer\.c:\d+$/m);
});

// Janus itself is built with sanitizers, too.
it.skipIf(missing091 !== undefined)(
  'shows what sanitizers report, as it happens, and goes back',
  async () => {
    const source = join(deployment.folder, 'janus-plugins/play/src/plugin.c');
    const good = readFileSync(source, 'utf8');
    const bad = good.replace(
      'session_stop(&viewer->session);',
      '{ char *text = g_malloc(4); volatile size_t end = 4; text[end] = 0; g_free(text); } $&',
    );
    expect(bad).not.toBe(good);
    writeFileSync(source, bad);
    const { lines, end } = deployment.start('plugin', 'rebuild', '--sanitize');
    const said = () => lines.join('\n');
    const soon = { timeout: 20_000 };
    try {
      await expect
        .poll(said, { timeout: 300_000 })
        .toMatch(/What the sanitizers report is shown here|failed/);
      expect(said()).toContain('It plays again');
      expect((await status()).deployment?.gatewayBuild?.sanitized).toBe(true);
      const session = await JanusSession.attach(
        deployment.url('playerPort', '/janus'),
        'janus.plugin.tms.play',
      );
      // It does not come to an answer.
      await session.send({ request: 'stop.play' }).catch(() => undefined);
      await expect.poll(said, soon).toMatch(/src\/plugin\.c:\d+:\d+: runtime error: store to address/);
      await expect.poll(said, soon).toMatch(/#0 0x\w+ in carry_out src\/plugin\.c:\d+/);
    } finally {
      end();
      writeFileSync(source, good);
    }
    const ended = await deployment.run('plugin', 'rebuild');
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(0);
    expect((await status()).deployment?.gatewayBuild).not.toHaveProperty('sanitized');
  },
  600_000,
);
