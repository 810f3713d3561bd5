/** Updates that fail under a viewer who watches: what was deployed goes on, or is put back. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { $, type ProcessOutput } from 'zx';
import { serviceNames } from '../../infra/plan/container.ts';
import type { Connections } from '../../scripts/lib/peer-connections.ts';
import { openBrowser, type TestBrowser, type TestPage } from '../support/browser.ts';
import { Deployment } from '../support/deployment.ts';
import { currentFrame, waitForFrame } from '../support/measure.ts';
import { connected, playFile } from '../support/player.ts';

const good = { maxViewers: 4 };
const deployment = new Deployment('failing', good);
const { ports } = deployment;
const container = (service: string): string => `janus-deploy-${deployment.stack}-${service}`;
let browser: TestBrowser;
let viewer: TestPage;

beforeAll(async () => {
  await deployment.deployAnew();
  browser = await openBrowser({ certificateAuthority: deployment.authority });
  viewer = await browser.newPage();
  await viewer.page.goto(deployment.url('playerPort', '/player/'));
  await connected(viewer.page);
  await playFile(viewer.page, 'sample.mp4');
  await viewer.page.getByTestId('loop').click();
  await waitForFrame(viewer.page, ({ film }) => film === 1);
});
afterAll(async () => {
  await browser?.close();
  await deployment?.remove();
});

/** What is deployed: each container, its image, its start and its files. */
async function deployed(): Promise<
  Record<string, { id: string; image: string; started: string; files: string }>
> {
  const entries = serviceNames.map(async (service) => {
    const [{ Id, Image, State }] = JSON.parse(
      (await $({ quiet: true })`docker inspect ${container(service)}`).stdout,
    );
    const files = await $({
      quiet: true,
    })`docker exec ${container(service)} sh -c ${'cd /config/current && find . -type f | sort | xargs sha256sum'}`;
    return [service, { id: Id, image: Image, started: State.StartedAt, files: files.stdout }];
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Frames that the viewer was shown, when, and over how many connections in all. */
const watched = () =>
  viewer.page.evaluate(() => ({
    frames: (document.querySelector('video') as HTMLVideoElement).getVideoPlaybackQuality().totalVideoFrames,
    seconds: performance.now() / 1000,
    connections: (globalThis as Connections).keptConnections?.length,
  }));

/** Runs an update that fails and expects that the viewer notices nothing of it. */
async function goesOn(update: () => Promise<ProcessOutput>): Promise<ProcessOutput> {
  const [containers, before] = [await deployed(), await watched()];
  const ended = await update();
  const after = await watched();
  expect(ended.exitCode, ended.stdout + ended.stderr).toBe(1);
  expect(await deployed()).toEqual(containers);
  expect(after.connections).toBe(before.connections);
  // Of 25 frames a second, those that a browser has time to draw while images are built.
  expect((after.frames - before.frames) / (after.seconds - before.seconds)).toBeGreaterThan(5);
  return ended;
}

/** Has files of the project be other ones during an update. */
async function upWith(changed: Record<string, (text: string) => string>): Promise<ProcessOutput> {
  const texts = Object.keys(changed).map((name) => {
    const path = join(deployment.folder, name);
    return { path, name, text: readFileSync(path, 'utf8') };
  });
  try {
    for (const { path, name, text } of texts) writeFileSync(path, changed[name](text));
    return await deployment.run('up');
  } finally {
    for (const { path, text } of texts) writeFileSync(path, text);
  }
}

describe('what was deployed goes on', () => {
  it('when an image cannot be built', async () => {
    const ended = await goesOn(() => upWith({ 'images/turn/Dockerfile': (text) => `${text}RUN false\n` }));
    expect(ended.stderr).toContain('The last good deployment goes on untouched.');
  });

  it('when a service refuses its configuration', async () => {
    const ended = await goesOn(() =>
      upWith({
        'infra/render/web.ts': (text) => text.replace('worker_processes auto;', 'worker_process auto;'),
      }),
    );
    expect(ended.stderr).toContain(`${container('web')}-trial ended with status 1`);
    expect(ended.stderr).toContain('unknown directive "worker_process"');
  });

  it('when the plugin cannot be loaded, and so the gateway never becomes healthy', async () => {
    const ended = await goesOn(() =>
      upWith({
        'images/janus/Dockerfile': (text) =>
          text.replace(
            /^USER /m,
            'RUN echo no library > /opt/janus/lib/janus/plugins/libjanus_tms_play.so\nUSER ',
          ),
      }),
    );
    expect(ended.stderr).toMatch(
      /gateway-trial did not become healthy .*runs without janus\.plugin\.tms\.play/,
    );
  });

  it('when a port is taken', async () => {
    const gatewayPort = ports.gatewayPort + 10;
    const server = createServer().listen(gatewayPort, '127.0.0.1');
    try {
      deployment.configure({ ...good, gatewayPort });
      const ended = await goesOn(() => deployment.run('up'));
      expect(ended.stderr).toContain(`TCP port ${gatewayPort} (gateway, on loopback) is taken by`);
    } finally {
      deployment.configure(good);
      server.close();
    }
  });
});

describe('what was deployed is put back', () => {
  it('when a port is taken after everything was tried', async () => {
    const before = await deployed();
    const gatewayPort = ports.gatewayPort + 10;
    const server = createServer();
    deployment.configure({ ...good, gatewayPort });
    try {
      const update = $({
        quiet: true,
        nothrow: true,
        cwd: deployment.folder,
        env: deployment.environment,
      })`node scripts/run.mjs up --stack ${deployment.stack}`;
      for await (const line of update)
        if (line.includes('preflight')) server.listen(gatewayPort, '127.0.0.1');
      const ended = await update;
      expect(ended.exitCode, ended.stdout + ended.stderr).toBe(4);
      expect(ended.stderr).toContain(`The end of the log of ${container('gateway')}:`);
      expect(ended.stderr).toContain('The last good deployment was put back and serves again');
    } finally {
      server.close();
    }
    const after = await deployed();
    for (const service of serviceNames) {
      expect(after[service]).toMatchObject({ image: before[service].image, files: before[service].files });
    }
    expect(after.turn).toEqual(before.turn);

    // The viewer's player has connected again by itself, and the film goes on.
    await connected(viewer.page);
    const shown = (await currentFrame(viewer.page))?.frame;
    await waitForFrame(viewer.page, ({ frame }) => frame !== shown);

    // State and containers are those of the good configuration: nothing is left to do to them.
    deployment.configure(good);
    await deployment.up();
    expect(await deployed()).toEqual(after);
  });
});
