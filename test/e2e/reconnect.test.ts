/** What a viewer sees of a bad network, of a gateway that goes away and of a machine that was asleep. */
import { chmodSync, copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import { AdminApi } from '../../scripts/lib/admin.ts';
import { findRenditions } from '../../scripts/lib/media-renditions.ts';
import { findMediaTools } from '../../scripts/lib/media-tools.ts';
import { watchPictures } from '../../scripts/lib/picture-gap.ts';
import { framesPerSecond } from '../../scripts/lib/samples/films.ts';
import { readGateway } from '../../scripts/lib/viewers.ts';
import { chromium, openBrowser, type TestBrowser, type TestPage } from '../support/browser.ts';
import { Deployment, mediaFolder } from '../support/deployment.ts';
import { DistantViewer, missingNamespaces } from '../support/distant-viewer.ts';
import { currentFrame, gapOf, measurePlayback, waitForFrame } from '../support/measure.ts';
import { connected, playbackState } from '../support/player.ts';

/** The second of the film that is shown now. */
async function second(page: Page): Promise<number> {
  return ((await currentFrame(page))?.frame ?? Number.NaN) / framesPerSecond;
}

/** Notes, in the page, how many lines the picture has each time that changes. */
function watchLines(): void {
  const video = document.querySelector('video') as HTMLVideoElement;
  const lines: number[] = [];
  Object.assign(globalThis, { lines });
  video.addEventListener('resize', () => lines.push(video.videoHeight));
}

/** The samples, and one of them as a film of its own that has renditions. */
async function makeMedia(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'janus-deploy-renditions-'));
  cpSync(mediaFolder, folder, { recursive: true });
  const film = join(folder, 'wide.mp4');
  copyFileSync(join(folder, 'sample-2.mp4'), film);
  for (const { make } of await findRenditions(film, await findMediaTools())) await make?.(() => {});
  // The gateway reads it as another user.
  chmodSync(folder, 0o755);
  return folder;
}

describe.skipIf(missingNamespaces !== undefined)('a film plays on', () => {
  const viewer = new DistantViewer();
  let media: string;
  let deployment: Deployment;
  let browser: TestBrowser;
  let test: TestPage;
  /** The page's sessions, in the order they were made. */
  let sessions: string[];

  beforeAll(async () => {
    media = await makeMedia();
    deployment = await new Deployment('e2e', {
      network: 'host',
      maxViewers: 4,
      mediaFolder: media,
    }).prepare();
    await deployment.run('down');
    await deployment.up();
    await viewer.start();
    browser = await openBrowser({
      certificateAuthority: deployment.authority,
      program: viewer.program(chromium),
    });
  });
  afterAll(async () => {
    await browser?.close();
    await viewer[Symbol.asyncDispose]();
    await deployment?.remove();
    if (media) rmSync(media, { recursive: true, force: true });
  });
  beforeEach(async () => {
    test = await browser.newPage();
    sessions = [];
    test.page.on('request', (request) => {
      const [, session = ''] = /\/janus\/(\d+)/.exec(request.url()) ?? [];
      if (session && !sessions.includes(session)) sessions.push(session);
    });
    const link = deployment.url('playerPort', '/player/?file=sample-2.mp4&t=8&autoplay=1');
    await test.page.goto(link.replace(deployment.host, viewer.machine));
    await connected(test.page);
    await playbackState(test.page, 'going');
    await waitForFrame(test.page, ({ film, frame }) => film === 2 && frame > 9 * framesPerSecond);
    await watchPictures(test.page);
  });
  afterEach(async () => {
    await viewer.mend();
    await test.context.close();
  });

  /** It goes on from about where it was last seen: no more than the gap is missing, and a second or so is shown twice. */
  async function expectPlaysOn(before: number, gap: number): Promise<void> {
    await playbackState(test.page, 'going');
    // The first picture of a stream may not be readable yet.
    const after = (await waitForFrame(test.page, ({ film }) => film === 2)).frame / framesPerSecond;
    expect(after).toBeGreaterThan(before - 1);
    expect(after).toBeLessThan(before + gap + 3);
  }

  /** A machine with little else to do has both gone and back within a second, so no gap tells it. */
  async function playsInAnotherSession(): Promise<void> {
    await expect.poll(() => sessions.length, { timeout: 60_000 }).toBe(2);
    await playbackState(test.page, 'going');
  }

  it('when the gateway is killed and comes back', async () => {
    const before = await second(test.page);
    await $({ quiet: true })`docker restart --time 0 janus-deploy-${deployment.stack}-gateway`;
    await playsInAnotherSession();
    const gap = await gapOf(test.page, 'gateway killed', 0.3);
    await expectPlaysOn(before, gap);
    expect(sessions).toHaveLength(2);
  });

  it('when its session has expired', async () => {
    const before = await second(test.page);
    const answer = await fetch(deployment.url('apiHttpPort', `/janus/${sessions[0]}`, 'http'), {
      method: 'POST',
      body: JSON.stringify({ janus: 'destroy', transaction: 'test' }),
    });
    expect(await answer.json()).toMatchObject({ janus: 'success' });
    await playsInAnotherSession();
    const gap = await gapOf(test.page, 'session expired', 0.3);
    await expectPlaysOn(before, gap);
    expect(sessions).toHaveLength(2);
  });

  it('after ten seconds without network', async () => {
    const before = await second(test.page);
    await viewer.lose(1);
    await setTimeout(10_000);
    await viewer.mend();
    const gap = await gapOf(test.page, 'network gone for 10 s', 8);
    await expectPlaysOn(before, gap);
    expect(sessions).toHaveLength(1);
  });

  it('while every twentieth packet is lost', async () => {
    await viewer.lose(0.05);
    const before = await second(test.page);
    const { fps } = await measurePlayback(test.page, { seconds: 10 });
    const gap = await gapOf(test.page, 'every twentieth packet lost', 0);
    console.log(`every twentieth packet lost: ${fps.toFixed(1)} pictures a second`);
    // What is lost is sent again.
    expect(fps).toBeGreaterThan(15);
    expect(gap).toBeLessThan(2);
    // The film goes on in its time, and the picture comes back to it.
    await waitForFrame(test.page, ({ frame }) => frame > (before + 6) * framesPerSecond);
    expect(sessions).toHaveLength(1);
  });

  it('in fewer lines for as long as the network is narrow', async () => {
    const { page } = test;
    const lines = () => page.evaluate(() => (globalThis as unknown as { lines: number[] }).lines);
    const status = async () => {
      const api = await AdminApi.open(`janus-deploy-${deployment.stack}-gateway`);
      const viewer = (await readGateway(api)).viewers.find(({ file }) => file === 'wide.mp4');
      if (!viewer) throw new Error('nobody watches wide.mp4');
      return viewer;
    };
    await page.goto(page.url().replace(/\?.*/, '?file=wide.mp4&autoplay=1'));
    await playbackState(page, 'going');
    await waitForFrame(page, ({ frame }) => frame > 3 * framesPerSecond);
    await watchPictures(page);
    await page.evaluate(watchLines);
    const begin = Date.now();
    const tell = async (what: string) => {
      const { rendition, room, bitrate } = await status();
      console.log(
        `${what}: ${(Date.now() - begin) / 1000} s, lines ${await lines()}, rendition ${rendition}, REMB ${room}, sent ${bitrate} bit/s`,
      );
    };
    await tell('before');
    // The film takes 790 kbit/s on the wire, its first rendition 540; which one is taken the browser's estimate decides.
    await viewer.narrow(620);
    await expect.poll(lines, { timeout: 15_000 }).toHaveLength(1);
    await tell('narrow, switched');
    const [fewer] = await lines();
    expect(fewer).toBeLessThan(480);
    expect((await status()).rendition).toBe(fewer);
    await setTimeout(Math.max(0, begin + 10_000 - Date.now()));
    await tell('narrow, at its end');
    await viewer.mend();
    await expect.poll(lines, { timeout: 20_000 }).toEqual([fewer, 480]);
    await tell('wide again, switched');
    await gapOf(page, 'narrow, then wide again', 0).then((gap) => expect(gap).toBeLessThan(8));
    // No other switch follows, and the film has gone on in its time.
    await waitForFrame(page, ({ frame }) => frame > 32 * framesPerSecond);
    await tell('at the end');
    expect(await lines()).toEqual([fewer, 480]);
    expect(await second(page)).toBeGreaterThan(3 + (Date.now() - begin) / 1000 - 3);
    expect((await status()).room).toBeGreaterThan(0);
    expect(sessions).toHaveLength(2);
  });

  it('when the browser was asleep', async () => {
    const before = await second(test.page);
    await viewer.sleep(10);
    const gap = await gapOf(test.page, 'browser asleep for 10 s', 8);
    await expectPlaysOn(before, gap);
    expect(sessions).toHaveLength(1);
  });
});
