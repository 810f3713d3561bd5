/** What a real browser hears and sees of real files through a deployment, in one of the situations it may be in. */
import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import type { JanusFlavour, Plan } from '../../infra/plan/plan.ts';
import { selectedPair } from '../../scripts/lib/peer-connections.ts';
import { framesPerSecond } from '../../scripts/lib/samples/films.ts';
import type { Viewer } from '../../scripts/lib/viewers.ts';
import { chromium, openBrowser, type TestBrowser, type TestPage } from './browser.ts';
import { brokenContract } from './contract.ts';
import { Deployment, mediaFolder } from './deployment.ts';
import { DistantViewer, missingNamespaces } from './distant-viewer.ts';
import { missing091 } from './flavours.ts';
import { films, mediaWithForms, sounds } from './forms.ts';
import { currentFrame, measurePlayback, type Playback, waitForFrame } from './measure.ts';

import { connected, pause, play, playbackState, playFile, resume, seek, stop } from './player.ts';

/** Where a viewer is whom the machine does not have on itself. */
interface Place {
  behindRouter?: boolean;
  udpClosed?: boolean;
}

/** What we send is in step within 40 ms; what is heard has the browser's own inaccuracy beside it. */
function expectInStep({ sentOffsetMs, avOffsetMs }: Playback): void {
  expect(Math.abs(sentOffsetMs ?? Number.NaN)).toBeLessThan(40);
  expect(Math.abs(avOffsetMs?.median ?? Number.NaN)).toBeLessThan(80);
}

/** Tests a flavour of Janus on a network mode; each situation is a file of its own, so that they run side by side. */
export function testSituation(janus: JanusFlavour, network: Plan['network']['mode']): void {
  // The same plugin everywhere: one situation is enough for what takes long.
  const thorough = janus === '0.9.1' && network === 'host';
  describe.skipIf(janus === '0.9.1' && missing091 !== undefined)(
    `Janus ${janus} on the ${network} network`,
    () => {
      let deployment: Deployment;
      let media = mediaFolder;
      /** Address that `up` has chosen, and says. */
      let advertised: string;
      let browser: TestBrowser;
      let test: TestPage;

      beforeAll(async () => {
        if (thorough) media = await mediaWithForms();
        deployment = await new Deployment('e2e', {
          mediaFolder: media,
          janus,
          network,
          maxViewers: 4,
          stunServer: 'coturn:3478',
          monitoring: String(network === 'bridge'),
        }).prepare();
        await deployment.run('down');
        const said = await deployment.up();
        advertised =
          /Media\s+(\S+) \(the machine’s first address, as advertisedAddress is auto\)/.exec(said)?.[1] ?? '';
        browser = await openBrowser({ certificateAuthority: deployment.authority });
      });
      afterAll(async () => {
        await browser?.close();
        await deployment?.remove();
        if (media !== mediaFolder) rmSync(media, { recursive: true });
      });
      beforeEach(async () => {
        test = await browser.newPage();
        await test.page.goto(deployment.url('playerPort', '/player/'));
        await connected(test.page);
      });
      afterEach(() => test.context.close());

      it('keeps the contract of the player’s package', async () => {
        await test.page.goto(deployment.url('playerPort', '/janus/info'));
        expect(await brokenContract(test.page)).toEqual({});
      });

      it('plays a film: every frame, its sound in step with it', async () => {
        await playFile(test.page, 'sample.mp4');
        await waitForFrame(test.page, ({ film }) => film === 1);
        const playback = await measurePlayback(test.page, { seconds: 6 });
        expect(playback.freezes).toEqual([]);
        expect(playback.jumps).toEqual([]);
        expect(playback.fps).toBeGreaterThan(23);
        expect(playback.loudness).toBeGreaterThan(-40);
        expect(playback.tones.length).toBeGreaterThanOrEqual(4);
        expectInStep(playback);
        expect(test.errors).toEqual([]);
      });

      it('freezes on pause and goes on where it was', async () => {
        await playFile(test.page, 'sample.mp4');
        await waitForFrame(test.page, ({ frame }) => frame > 50);
        await pause(test.page);
        await playbackState(test.page, 'paused');
        // What was sent before the pause is still on its way to the screen.
        await test.page.waitForTimeout(700);
        const shown = await currentFrame(test.page);
        const paused = await measurePlayback(test.page, { seconds: 3 });
        expect(paused.last?.frame ?? shown?.frame).toBe(shown?.frame);
        expect(paused.tones).toEqual([]);
        await resume(test.page);
        await playbackState(test.page, 'going');
        const next = await waitForFrame(test.page, ({ frame }) => frame !== shown?.frame);
        expect(next.frame - (shown?.frame ?? 0)).toBeGreaterThan(0);
        expect(next.frame - (shown?.frame ?? 0)).toBeLessThan(10);
        const playback = await measurePlayback(test.page, { seconds: 5 });
        expect(playback.jumps).toEqual([]);
        expectInStep(playback);
      });

      it.runIf(thorough).each(films)('plays %s, its sound in step', async (name) => {
        await playFile(test.page, name);
        await waitForFrame(test.page, ({ film }) => film === 1);
        const playback = await measurePlayback(test.page, { seconds: 4 });
        expect(playback.freezes).toEqual([]);
        expect(playback.jumps).toEqual([]);
        expect(playback.fps).toBeGreaterThan(23);
        expectInStep(playback);
      });

      it.runIf(thorough)('is in step after a pause of a minute', async () => {
        await playFile(test.page, 'sample-2.mp4');
        await waitForFrame(test.page, ({ frame }) => frame > 25);
        await pause(test.page);
        await playbackState(test.page, 'paused');
        await test.page.waitForTimeout(60_000);
        await resume(test.page);
        await playbackState(test.page, 'going');
        const playback = await measurePlayback(test.page, { seconds: 6 });
        expect(playback.jumps).toEqual([]);
        expectInStep(playback);
      });

      it('stops, and plays another film in the same connection, in sync', async () => {
        await playFile(test.page, 'sample.mp4');
        await waitForFrame(test.page, ({ film, frame }) => film === 1 && frame > 25);
        await stop(test.page);
        await playbackState(test.page, 'ready');
        await playFile(test.page, 'sample-2.mp4');
        const first = await waitForFrame(test.page, ({ film }) => film === 2);
        expect(first.frame).toBeLessThan(25);
        const playback = await measurePlayback(test.page, { seconds: 5 });
        expect(playback.freezes).toEqual([]);
        expectInStep(playback);
      });

      it.each([
        'sample-8k.mp4',
        'sample.mp3',
        'sample.wav',
        'sample-8k.wav',
        ...(thorough ? sounds : []),
      ])('plays the sound of %s', async (name) => {
        await playFile(test.page, name);
        const playback = await measurePlayback(test.page, { seconds: 4 });
        expect(playback.loudness).toBeGreaterThan(-45);
        expect(playback.tones.length).toBeGreaterThanOrEqual(2);
        const seconds = playback.tones.map(({ second }) => second);
        expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
      });

      it('goes to another position, playing and paused, and stays in step', async () => {
        await playFile(test.page, 'sample.mp4');
        // However long measuring takes, the film does not end.
        await test.page.getByTestId('loop').click();
        await waitForFrame(test.page, ({ film, frame }) => film === 1 && frame > 10);
        await seek(test.page, 12.4);
        const there = await waitForFrame(test.page, ({ frame }) => frame >= 12.4 * framesPerSecond - 1);
        expect(there.frame).toBeLessThan(13.5 * framesPerSecond);
        const playback = await measurePlayback(test.page, { seconds: 4 });
        expectInStep(playback);
        await pause(test.page);
        await playbackState(test.page, 'paused');
        await seek(test.page, 5);
        const held = await waitForFrame(test.page, ({ frame }) => frame < 6 * framesPerSecond);
        expect(Math.abs(held.frame - 5 * framesPerSecond)).toBeLessThanOrEqual(1);
        await resume(test.page);
        await waitForFrame(
          test.page,
          ({ frame }) => frame > 5.5 * framesPerSecond && frame < 9 * framesPerSecond,
        );
      });

      it('reaches a browser that may use nothing but TURN', async () => {
        await test.page.goto(deployment.url('playerPort', '/player/?relay'));
        await connected(test.page);
        await playFile(test.page, 'sample.mp4');
        await waitForFrame(test.page, ({ film }) => film === 1);
        const playback = await measurePlayback(test.page, { seconds: 4 });
        expect(playback.fps).toBeGreaterThan(23);
        expect(playback.freezes).toEqual([]);
      });

      it.skipIf(missingNamespaces !== undefined).each([
        ['on a network of the machine', {}],
        ['behind a router of their own', { behindRouter: true }],
        ['where UDP is closed', { udpClosed: true }],
      ])('reaches a viewer %s', async (_, { behindRouter, udpClosed }: Place) => {
        await using viewer = await new DistantViewer().start({ behindRouter });
        if (udpClosed) await viewer.drop('udp', '1:65535');
        const certificateAuthority = deployment.authority;
        await using distant = await openBrowser({
          certificateAuthority,
          program: viewer.program(chromium),
        });
        const { page } = await distant.newPage();
        await page.goto(deployment.url('playerPort', '/player/').replace(deployment.host, advertised));
        await connected(page);
        await playFile(page, 'sample.mp4');
        await waitForFrame(page, ({ film, frame }) => film === 1 && frame > 25);
        const pair = await selectedPair(page);
        // On the host network the gateway offers every address of the machine, and the nearest may be the first to answer.
        const offered = network === 'host' ? [advertised, viewer.machine] : [advertised];
        expect(offered).toContain(pair?.remoteAddress);
        // The address that a direct one comes from may be found in more than one way.
        if (udpClosed)
          expect(pair).toMatchObject({ local: 'relay', relayProtocol: expect.stringMatching(/tcp|tls/) });
        else expect(pair?.local).toMatch(/^(host|srflx|prflx)$/);
      });

      it('is shown in the status, with what it plays, and followed through the logs', async () => {
        await playFile(test.page, 'sample.mp4');
        await waitForFrame(test.page, ({ film, frame }) => film === 1 && frame > 25);
        const { services } = await deployment.healthyStatus();
        const names = services.map(({ service }) => service);
        expect(names).toEqual(expect.arrayContaining(['gateway', 'turn', 'web']));
        let viewer: Viewer | undefined;
        // The bitrate is that of the last whole second, which may have been before the film.
        await expect
          .poll(
            async () => {
              const { gateway } = await deployment.status();
              viewer = gateway?.viewers.find(({ state }) => state === 'going');
              return viewer?.bitrate;
            },
            { timeout: 20_000 },
          )
          .toBeGreaterThan(100_000);
        expect(viewer).toMatchObject({ file: 'sample.mp4', duration: 24_000 });
        expect(viewer?.position).toBeGreaterThan(1000);
        expect(viewer?.path).toContain('udp');
        const followed = await deployment.run('logs', '--viewer', String(viewer?.id));
        expect(followed.stdout, followed.stderr).toContain(
          `[janus.plugin.tms.play] [${viewer?.id}] asks for 'sample.mp4'`,
        );
      });

      it.runIf(network === 'bridge')(
        'says in numbers what it does, inside its network alone, to Prometheus too',
        async () => {
          await playFile(test.page, 'sample.mp4');
          await test.page.getByTestId('loop').click();
          const said = await $({
            quiet: true,
            cwd: deployment.folder,
            env: { ...deployment.environment, JANUS_DEPLOY_STACK: deployment.stack },
          })`node scripts/run.mjs pulumi stack output metrics`;
          const address = said.stdout.trim();
          const scraped = async () =>
            (await (await fetch(address)).text()).match(/^(service_up|janus_viewers\{state="going"\}).*/gm);
          // Each service writes every ten seconds.
          await expect
            .poll(scraped, { timeout: 40_000, interval: 1000 })
            .toEqual(
              expect.arrayContaining([
                'janus_viewers{state="going"} 1',
                ...['gateway', 'turn', 'web'].map((service) => `service_up{service="${service}"} 1`),
              ]),
            );
          const outside = new URL(address);
          outside.hostname = deployment.host;
          await expect(fetch(outside)).rejects.toThrow();
          const targets = deployment.url('prometheusPort', '/api/v1/targets', 'http');
          await expect
            .poll(async () => (await (await fetch(targets)).json()).data.activeTargets[0]?.health, {
              timeout: 30_000,
            })
            .toBe('up');
        },
      );

      it('says why a file cannot be played, and plays the next one', async () => {
        await test.page.getByTestId('file-name').fill('../etc/passwd');
        await test.page.getByTestId('file-open').click();
        await expect.poll(() => test.page.getByTestId('probe').textContent()).toMatch(/\w+ \w+/);
        await playFile(test.page, 'sample.mp4');
        await waitForFrame(test.page, ({ film }) => film === 1);
      });

      it('ends at the end of the film and plays it again', async () => {
        await playFile(test.page, 'sample.mp4');
        await playbackState(test.page, 'ready', 40_000);
        await play(test.page);
        const again = await waitForFrame(test.page, ({ frame }) => frame < 100);
        expect(again.film).toBe(1);
      });
    },
  );
}
