/** A gateway that is started anew: whom it waits for, whom it turns away, and what those who watch notice. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { Deployment } from '../support/deployment.ts';
import { currentFrame, waitForFrame } from '../support/measure.ts';
import { connected, playbackState, playFile, stop } from '../support/player.ts';

let deployment: Deployment;
let browser: TestBrowser;

beforeAll(async () => {
  deployment = await new Deployment('e2e', { maxViewers: 4 }).deployAnew();
  browser = await openBrowser({ certificateAuthority: deployment.authority });
});
afterAll(async () => {
  await browser?.close();
  await deployment?.remove();
});

const status = () => deployment.status();

it('waits for those who watch, and lets nobody in meanwhile, but after it', async () => {
  const watching = await browser.newPage();
  await watching.page.goto(deployment.url('playerPort', '/player/'));
  await connected(watching.page);
  await playFile(watching.page, 'sample-2.mp4');
  // However long the commands take, the film does not end.
  await watching.page.getByTestId('loop').click();
  const restarted = deployment.run('restart', '--drain', '5');
  await expect.poll(async () => (await status()).gateway?.acceptsSessions, { timeout: 60_000 }).toBe(false);

  const late = await browser.newPage();
  await late.page.goto(deployment.url('playerPort', '/player/'));
  await late.page.waitForFunction(() => document.documentElement.dataset.channelState === 'failed');
  const before = (await currentFrame(watching.page))?.frame;
  await waitForFrame(watching.page, ({ frame }) => frame !== before);

  await stop(watching.page);
  const ended = await restarted;
  expect(ended.exitCode, ended.stderr).toBe(0);
  expect(ended.stdout).toContain('nobody watches');
  await connected(late.page);
  await connected(watching.page);
  await Promise.all([watching, late].map(({ context }) => context.close()));
});

it('interrupts those who watch when it may not wait, and they see the film go on where it was', async () => {
  const { page, context } = await browser.newPage();
  await page.goto(deployment.url('playerPort', '/player/'));
  await connected(page);
  await playFile(page, 'sample.mp4');
  const before = await waitForFrame(page, ({ frame }) => frame > 100);
  await page.evaluate(() => {
    (window as unknown as Kept).first = document.querySelector('video')?.srcObject;
  });
  const ended = await deployment.run('restart', '--now');
  expect(ended.exitCode, ended.stderr).toBe(0);
  expect(ended.stdout).toContain('1 is interrupted');
  await page.waitForFunction(
    () => (window as unknown as Kept).first !== document.querySelector('video')?.srcObject,
    undefined,
    { timeout: 60_000 },
  );
  await playbackState(page, 'going', 60_000);
  // Neither from the beginning nor from another place: what played until the restart is behind it.
  const next = await waitForFrame(page, ({ frame }) => frame > before.frame, { timeout: 30_000 });
  expect(next.film).toBe(1);
  await context.close();
});

/** What is kept in the page: the stream that is there first. */
interface Kept {
  first: HTMLVideoElement['srcObject'] | undefined;
}
