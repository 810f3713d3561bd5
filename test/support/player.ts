/** Drives the player's page as a viewer does. */
import type { Page } from 'playwright-core';

export const play = (page: Page) => page.getByTestId('play').click();
export const pause = (page: Page) => page.getByTestId('pause').click();
export const resume = (page: Page) => page.getByTestId('resume').click();
export const stop = (page: Page) => page.getByTestId('stop').click();

/** Waits until the player's playback is in a state: ready, going or paused. */
export async function playbackState(page: Page, state: string, timeout = 10_000): Promise<void> {
  await page.waitForFunction((wanted) => document.documentElement.dataset.playbackState === wanted, state, {
    timeout,
  });
}

/**
 * Waits until media can flow.
 * @throws Error that says how far it came, and what the page says of it.
 */
export async function connected(page: Page): Promise<void> {
  const timeout = 30_000;
  try {
    await page.waitForFunction(
      () => document.documentElement.dataset.channelState === 'webrtcUp',
      undefined,
      {
        timeout,
      },
    );
  } catch (cause) {
    const errors = await page.getByTestId('error').allTextContents();
    const said = errors.join(' ') || 'nothing';
    const state = await page.evaluate(() => document.documentElement.dataset.channelState);
    throw new Error(`The page is ${state} after ${timeout / 1000} s and not webrtcUp; it says: ${said}`, {
      cause,
    });
  }
}

/** Chooses a file of the list and plays it. */
export async function playFile(page: Page, name: string): Promise<void> {
  await page.getByTestId(`file-${name}`).click();
  await page.getByTestId('play').click();
  await playbackState(page, 'going');
}

/** Lets the timeline go at a position in seconds. */
export async function seek(page: Page, seconds: number): Promise<void> {
  await page.getByTestId('timeline').evaluate((timeline: HTMLInputElement, value) => {
    timeline.value = String(value);
    timeline.dispatchEvent(new Event('change'));
  }, seconds);
}
