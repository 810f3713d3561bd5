/**
 * Plugins that are changed while a viewer watches, in place or not at all: from an edit to a film that plays with it, on
 * each way that a gateway is reached.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { $, type ProcessOutput } from 'zx';
import type { JanusFlavour } from '../../infra/plan/plan.ts';
import { buildGatewayImage } from '../../scripts/lib/gateway-image.ts';
import { ask } from '../../scripts/lib/http.ts';
import { JanusSession } from '../../scripts/lib/janus-session.ts';
import type { Connections } from '../../scripts/lib/peer-connections.ts';
import { watchPictures } from '../../scripts/lib/picture-gap.ts';
import { testPlugin } from '../../scripts/lib/plugin-tests.ts';
import { openBrowser, type TestBrowser, type TestPage } from '../support/browser.ts';
import { Deployment } from '../support/deployment.ts';
import { currentFrame, gapOf, waitForFrame } from '../support/measure.ts';
import { connected, playFile, stop } from '../support/player.ts';
import { dockerHost, openSshDoor } from '../support/ssh-door.ts';

interface Way {
  on: string;
  /** Name of the stack. */
  stack: string;
  config: Record<string, string>;
  /** What has to be there first. */
  open?: () => Promise<AsyncDisposable>;
}

const ways: Way[] = [
  { on: 'the host network', stack: 'e2e', config: { network: 'host' } },
  { on: 'a bridge network', stack: 'e2e', config: { network: 'bridge' } },
  { on: 'an engine that is reached by ssh', stack: 'ssh', config: { dockerHost }, open: openSshDoor },
];

describe.each(ways)('on $on', (way) => {
  // The same plugins everywhere: what the way has no part in is tried on one.
  const thorough = way === ways[0];
  let deployment: Deployment;
  let browser: TestBrowser;
  let viewer: TestPage;
  let source: string;
  let good: string;
  let door: AsyncDisposable | undefined;

  beforeAll(async () => {
    door = await way.open?.();
    deployment = await new Deployment(way.stack, { ...way.config, maxViewers: 4 }).prepare();
    source = join(deployment.folder, 'janus-plugins/play/src/plugin.c');
    good = readFileSync(source, 'utf8');
    await deployment.run('down');
    await deployment.up();
    browser = await openBrowser({ certificateAuthority: deployment.authority });
    viewer = await browser.newPage();
    await viewer.page.goto(deployment.url('playerPort', '/player/'));
    await watchFilm();
  });
  afterEach(() => writeFileSync(source, good));
  afterAll(async () => {
    await browser?.close();
    await deployment?.remove();
    await door?.[Symbol.asyncDispose]();
  });

  const rebuild = (): Promise<ProcessOutput> => deployment.run('plugin', 'rebuild');
  const save = (change: (text: string) => string) => writeFileSync(source, change(good));
  const versioned = (version: string) =>
    save((text) => text.replace('return "0.1.0";', `return "${version}";`));
  /** The gateway's container and its image. */
  const gateway = async (): Promise<string[]> =>
    (
      await $({
        quiet: true,
      })`docker inspect --format ${'{{.Id}} {{.Image}}'} janus-deploy-${deployment.stack}-gateway`
    ).stdout.split(' ');

  const status = () => deployment.status();

  async function plugins(): Promise<Record<string, { version_string: string }>> {
    const { body } = await ask(deployment.url('playerPort', '/janus/info'));
    return (JSON.parse(body) as { plugins: Record<string, { version_string: string }> }).plugins;
  }

  /** The viewer watches a film that does not end. */
  async function watchFilm(): Promise<void> {
    await connected(viewer.page);
    await playFile(viewer.page, 'sample-2.mp4');
    await viewer.page.getByTestId('loop').click();
    await goesOn();
  }

  /** Waits for another frame of it. */
  async function goesOn(): Promise<void> {
    await connected(viewer.page);
    const before = (await currentFrame(viewer.page))?.frame;
    await waitForFrame(viewer.page, ({ frame }) => frame !== before, { timeout: 30_000 });
  }

  /** Connections that the viewer has made so far: one more when it was interrupted. */
  const connections = () => viewer.page.evaluate(() => (globalThis as Connections).keptConnections?.length);

  it('runs what was saved, and Pulumi knows it', async () => {
    versioned('0.1.1');
    await watchPictures(viewer.page);
    const ended = await rebuild();
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(0);
    console.log(/^It plays again.*/m.exec(ended.stdout)?.[0]);
    expect((await plugins())['janus.plugin.tms.play'].version_string).toBe('0.1.1');
    await gapOf(viewer.page, 'rebuild', 0.2);
    await connected(viewer.page);

    const container = await gateway();
    expect((await rebuild()).stdout).toContain('runs just that already');
    // The state says so, and nothing is left to do to the gateway.
    const planned = await deployment.run('plan', '--deployed');
    expect(planned.stdout, planned.stderr).not.toContain('janus-plugins');
    expect(await deployment.up()).not.toMatch(/^ +gateway/m);
    expect(await gateway()).toEqual(container);
    expect((await status()).deployment?.gatewayBuild?.plugins.play).toMatch(/^[0-9a-f]{16}$/);
  });

  const broken: [string, (text: string) => string, RegExp][] = [
    [
      'does not compile',
      (text: string) => text.replace('return "0.1.0";', 'return "0.1.0"'),
      /src\/plugin\.c:\d+:\d+: error: expected .;./,
    ],
    [
      'refers to what is nowhere',
      (text: string) =>
        text.replace('return "0.1.0";', 'extern const char *nowhere(void); return nowhere();'),
      /Janus cannot use .*libjanus_tms_play\.so: .*undefined symbol: nowhere/,
    ],
    [
      'is made for another core',
      (text: string) =>
        text.replace('return JANUS_PLUGIN_API_VERSION;', 'return JANUS_PLUGIN_API_VERSION + 1;'),
      /Janus cannot use .*it is made for version \d+ of the plugin API, and the gateway has version \d+/,
    ],
  ];
  it.each(
    thorough ? broken : broken.slice(0, 1),
  )('goes on with the plugin that it has when the new one %s', async (_, change, said) => {
    const [container, before] = [await gateway(), await connections()];
    save(change);
    const ended = await rebuild();
    expect(ended.exitCode, ended.stdout).toBe(1);
    expect(ended.stdout + ended.stderr).toMatch(said);
    expect(await gateway()).toEqual(container);
    expect(await connections()).toBe(before);
    await goesOn();
  });

  it('lets those who watch finish first', async () => {
    versioned('0.1.2');
    const before = (await connections()) as number;
    const rebuilt = deployment.run('plugin', 'rebuild', '--drain', '5');
    await expect.poll(async () => (await status()).gateway?.acceptsSessions, { timeout: 60_000 }).toBe(false);
    await goesOn();
    await stop(viewer.page);
    const ended = await rebuilt;
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(0);
    expect(ended.stdout).toContain('1 still watches');
    await expect.poll(connections, { timeout: 30_000 }).toBeGreaterThan(before);
    await watchFilm();
  });

  it.runIf(thorough)('puts back the plugin that it had when nothing plays with the new one', async () => {
    const [, image] = await gateway();
    save((text) =>
      text.replace('    gateway->relay_rtp(', '    if (rtp.length == 0)\n        gateway->relay_rtp('),
    );
    const ended = await rebuild();
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(4);
    expect(ended.stderr).toContain('Nothing plays with it');
    expect((await gateway())[1]).toBe(image);
    await viewer.page.reload();
    await watchFilm();
  });

  it.runIf(thorough)('loads a second plugin, which answers', async () => {
    expect((await deployment.run('plugin', 'new', 'Hello')).exitCode).toBe(1);
    const made = await deployment.run('plugin', 'new', 'hello');
    expect(made.exitCode, made.stderr).toBe(0);
    const ended = await rebuild();
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(0);
    expect(Object.keys(await plugins())).toContain('janus.plugin.hello');
    await using session = await JanusSession.attach(
      deployment.url('playerPort', '/janus'),
      'janus.plugin.hello',
    );
    const { plugindata } = await session.send({ request: 'ping' });
    expect(plugindata).toMatchObject({ data: { hello: 'answer', message: { request: 'ping' } } });
  });

  it.runIf(thorough)('tests a second plugin', async () => {
    const folder = join(deployment.folder, 'janus-plugins');
    const image = await buildGatewayImage((await status()).deployment?.janus as JanusFlavour, {
      target: 'build',
    });
    expect(await testPlugin('hello', image, { folder })).toEqual({ passed: 6, failed: 0 });
  });

  it.runIf(thorough)('does so on every save', async () => {
    const watching = spawn('node', ['scripts/run.mjs', 'plugin', 'watch', '--stack', deployment.stack], {
      cwd: deployment.folder,
      env: deployment.environment,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const lines = createInterface({ input: watching.stdout })[Symbol.asyncIterator]();
    const waits = async () => {
      for (;;) {
        const { done, value } = await lines.next();
        if (done) throw new Error('npm run plugin -- watch has ended');
        if (value.startsWith('Waiting for the next save')) return;
      }
    };
    try {
      await waits();
      versioned('0.1.3');
      await waits();
      expect((await plugins())['janus.plugin.tms.play'].version_string).toBe('0.1.3');
      await goesOn();
    } finally {
      // The verb, and the Node that runs it.
      process.kill(-(watching.pid as number), 'SIGTERM');
    }
  });
});
