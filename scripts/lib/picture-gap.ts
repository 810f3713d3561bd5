/** For how long a film stands still, as who watches it sees it. */
import type { Page } from 'playwright-core';

/** In a page that is watched; times are in ms of its clock. */
interface Watch {
  /** Longest time without a new picture. */
  longest: number;
  last: number;
  pictures: number;
}
type Watched = typeof globalThis & { pictureWatch?: Watch };

/** Pictures that show that a film goes on, and not what was on its way when it stopped. */
const going = 10;

/** Begins to watch the page's film, or begins anew. */
export const watchPictures = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const begun = { longest: 0, last: performance.now(), pictures: 0 };
    const { pictureWatch: watch } = globalThis as Watched;
    if (watch) {
      Object.assign(watch, begun);
      return;
    }
    (globalThis as Watched).pictureWatch = begun;
    const video = document.querySelector('video') as HTMLVideoElement;
    const next = () =>
      video.requestVideoFrameCallback((now) => {
        begun.longest = Math.max(begun.longest, now - begun.last);
        begun.last = now;
        begun.pictures++;
        next();
      });
    next();
  });

/**
 * Waits until the film goes on.
 * @param least seconds for which it has to have stood still before
 * @returns the longest time without a new picture since it is watched, in seconds
 */
export async function pictureGap(page: Page, least = 0): Promise<number> {
  const before = await page.evaluate(() => (globalThis as Watched).pictureWatch as Watch);
  await page.waitForFunction(
    ([seconds, pictures]) => {
      const watch = (globalThis as Watched).pictureWatch as Watch;
      return watch.longest > 1000 * seconds && watch.pictures >= pictures;
    },
    [least, before.pictures + going],
    { timeout: 60_000 },
  );
  return page.evaluate(() => ((globalThis as Watched).pictureWatch as Watch).longest / 1000);
}
