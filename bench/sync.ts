/** Whether sound and picture of a deployment's player stay together, by the notes and numbers of the sample films. */
import { ensureBrowser } from '../scripts/lib/browser.ts';
import { openBrowser } from '../test/support/browser.ts';
import { measurePlayback, waitForFrame } from '../test/support/measure.ts';
import { connected, pause, playbackState, playFile, resume, seek, stop } from '../test/support/player.ts';

export interface Offset {
  after: string;
  /** ms by which sound was sent later than its picture, and by which it was heard later; undefined where none was. */
  sent?: number;
  heard?: number;
}

/** Plays, pauses, seeks and goes on, with a measurement after each. */
export async function* measureSync(player: string): AsyncGenerator<Offset> {
  await using browser = await openBrowser({ program: await ensureBrowser() });
  const { page } = await browser.newPage({ ignoreHTTPSErrors: true });
  const measured = async (after: string): Promise<Offset> => {
    const { sentOffsetMs, avOffsetMs } = await measurePlayback(page, { seconds: 8 });
    return { after, sent: sentOffsetMs, heard: avOffsetMs?.median };
  };
  await page.goto(player);
  await connected(page);
  await page.getByTestId('loop').click();
  await playFile(page, 'sample.mp4');
  await waitForFrame(page, ({ film, frame }) => film === 1 && frame > 25);
  yield await measured('the start');
  await pause(page);
  await playbackState(page, 'paused');
  await page.waitForTimeout(60_000);
  await resume(page);
  await playbackState(page, 'going');
  yield await measured('a pause of 60 s');
  for (let time = 0; time < 10; time++) {
    await seek(page, (7 * time) % 20);
    await page.waitForTimeout(700);
  }
  yield await measured('ten seeks');
  await stop(page);
  await playbackState(page, 'ready');
  await playFile(page, 'sample-2.mp4');
  await waitForFrame(page, ({ film }) => film === 2);
  yield await measured('another film');
  await page.waitForTimeout(600_000);
  yield await measured('10 minutes of it');
}
