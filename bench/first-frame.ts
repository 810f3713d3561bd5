/** How long a viewer waits for a picture: after opening the page, after a click on play, and after going elsewhere. */
import type { Browser, Page } from 'playwright-core';
import { ensureBrowser, launchBrowser } from '../scripts/lib/browser.ts';
import { framesPerSecond } from '../scripts/lib/samples/films.ts';
import { counterLayout, decodeFrame } from '../test/support/frame-counter.ts';
import { readLevels } from '../test/support/page-recorder.ts';
import { seek } from '../test/support/player.ts';
import { summary, type Waits } from './waits.ts';

/** Film whose pictures are numbered. */
const film = 'sample.mp4';

/** Seconds of it that are gone to, one after the other, each far from the one before. */
const places = [12.4, 3.2, 18.6, 7.8, 20.5, 1.7];

interface Picture {
  /** When it was on the screen. */
  shown: number;
  levels: number[];
}

type Watched = { clicked?: number; sought?: number; pictures?: Picture[] };

/** Runs before the page's own scripts: notes when it is clicked or its timeline moved, and every picture of the stage. */
function watch(read: typeof readLevels, layout: typeof counterLayout): void {
  const watched = globalThis as Watched;
  const pictures: Picture[] = [];
  watched.pictures = pictures;
  addEventListener('click', ({ timeStamp }) => (watched.clicked = timeStamp), { capture: true });
  addEventListener('change', ({ timeStamp }) => (watched.sought = timeStamp), { capture: true });
  addEventListener(
    'loadedmetadata',
    ({ target }) => {
      const video = target as HTMLVideoElement;
      const next = () =>
        video.requestVideoFrameCallback?.((shown) => {
          pictures.push({ shown, levels: read(video, layout) });
          next();
        });
      next();
    },
    { capture: true },
  );
}

export interface FirstFrames {
  opened: Waits;
  clicked: Waits;
  sought: Waits;
}

/** Opens a player's page `rounds` times with a link that plays, and as often without, to click and to seek. */
export async function measureFirstFrames(player: string, rounds: number): Promise<FirstFrames> {
  const browser = await launchBrowser(await ensureBrowser());
  try {
    const waits = { opened: [] as number[], clicked: [] as number[], sought: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      waits.opened.push(await inPage(browser, `${player}?file=${film}&autoplay=1`, firstPicture));
      await inPage(browser, `${player}?file=${film}`, async (page) => {
        await page.locator('[data-testid=play][aria-disabled=false]').click();
        const shown = await firstPicture(page);
        waits.clicked.push(
          shown - (await page.evaluate(() => (globalThis as Watched).clicked ?? Number.NaN)),
        );
        for (const place of places) waits.sought.push(await goTo(page, place));
      });
    }
    return { opened: summary(waits.opened), clicked: summary(waits.clicked), sought: summary(waits.sought) };
  } finally {
    await browser.close();
  }
}

/** In a browser profile of its own: nothing of it is there yet. */
async function inPage<Result>(
  browser: Browser,
  url: string,
  measure: (page: Page) => Promise<Result>,
): Promise<Result> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  try {
    await context.addInitScript(`(${watch})(${readLevels}, ${JSON.stringify(counterLayout)})`);
    const page = await context.newPage();
    await page.goto(url);
    return await measure(page);
  } finally {
    await context.close();
  }
}

/** ms from the navigation to the first picture on the screen. */
async function firstPicture(page: Page): Promise<number> {
  const shown = await page.waitForFunction(() => (globalThis as Watched).pictures?.[0]?.shown);
  return (await shown.jsonValue()) as number;
}

/** Moves the timeline; ms until the first picture from there is on the screen. */
async function goTo(page: Page, place: number): Promise<number> {
  // A little of the film is seen between one place and the next.
  await page.waitForTimeout(700);
  await seek(page, place);
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await page.waitForTimeout(100)) {
    const { sought = 0, pictures = [] } = await page.evaluate(() => {
      const { sought, pictures } = globalThis as Watched;
      return { sought, pictures };
    });
    const there = pictures.find(({ shown, levels }) => {
      const frame = decodeFrame(levels)?.frame;
      const seconds = frame === undefined ? Number.NaN : frame / framesPerSecond;
      return shown > sought && Math.abs(seconds - place) < 1;
    });
    if (there !== undefined) return there.shown - sought;
  }
  throw new Error(`No picture of second ${place} came within 10 s.`);
}
