/** How long a viewer waits for the first picture: after opening the page, and after a click on play. */
import type { Browser, Page } from 'playwright-core';
import { ensureBrowser, launchBrowser } from '../scripts/lib/browser.ts';

/** In ms. */
export interface Waits {
  p50: number;
  p95: number;
}

type Watched = { clicked?: number; pictures?: number[] };

/** Runs before the page's own scripts: notes when it is clicked, and when the stage's first picture is on the screen. */
function watch(): void {
  const watched = globalThis as Watched;
  const pictures: number[] = [];
  watched.pictures = pictures;
  addEventListener('click', ({ timeStamp }) => (watched.clicked = timeStamp), { capture: true });
  addEventListener(
    'loadedmetadata',
    ({ target }) => {
      (target as HTMLVideoElement).requestVideoFrameCallback?.((shown) => pictures.push(shown));
    },
    { capture: true },
  );
}

/** Opens a player's page `rounds` times with a link that plays, and as often without, to click. */
export async function measureFirstFrames(
  player: string,
  file: string,
  rounds: number,
): Promise<{ opened: Waits; clicked: Waits }> {
  const browser = await launchBrowser(await ensureBrowser());
  try {
    const opened: number[] = [];
    const clicked: number[] = [];
    for (let round = 0; round < rounds; round++) {
      opened.push(await inPage(browser, `${player}?file=${file}&autoplay=1`, firstPicture));
      clicked.push(
        await inPage(browser, `${player}?file=${file}`, async (page) => {
          await page.locator('[data-testid=play][aria-disabled=false]').click();
          const shown = await firstPicture(page);
          return shown - (await page.evaluate(() => (globalThis as Watched).clicked ?? Number.NaN));
        }),
      );
    }
    return { opened: summary(opened), clicked: summary(clicked) };
  } finally {
    await browser.close();
  }
}

/** In a browser profile of its own: nothing of it is there yet. */
async function inPage(
  browser: Browser,
  url: string,
  measure: (page: Page) => Promise<number>,
): Promise<number> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  try {
    await context.addInitScript(watch);
    const page = await context.newPage();
    await page.goto(url);
    return await measure(page);
  } finally {
    await context.close();
  }
}

/** ms from the navigation to the first picture on the screen. */
async function firstPicture(page: Page): Promise<number> {
  const shown = await page.waitForFunction(() => (globalThis as Watched).pictures?.[0]);
  return (await shown.jsonValue()) as number;
}

function summary(waits: number[]): Waits {
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1];
  return { p50: at(0.5), p95: at(0.95) };
}
