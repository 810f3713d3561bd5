/**
 * Measures what a page with a media element shows and plays, with the sample films as the yardstick.
 *
 * The offset between sound and picture: a frame's time is when the browser expects it on the screen, in steps of one
 * refresh (17 ms), averaged over the frames of two seconds; a note's time is when its first sample was handed to the
 * output, plus the output's delay as the browser states it. The browser stamps both outside of the page's own thread,
 * so a busy page does not shift them. One note differs from the next by a millisecond; the whole is right within
 * 15 ms, and what a busy browser is late by comes on top, because that is what a viewer would see.
 */
import type { Page } from 'playwright-core';
import { pictureGap } from '../../scripts/lib/picture-gap.ts';
import { counterLayout, decodeFrame, type FrameId } from './frame-counter.ts';
import { type PageTools, readHeld, readLevels, readShownLevels, recordPlayback } from './page-recorder.ts';
import { judge, type Playback } from './playback.ts';

export type { Playback } from './playback.ts';

export interface MeasureOptions {
  seconds: number;
  /** Of the media element; the first `video` unless said. */
  selector?: string;
  /** ms without a new frame that are a freeze; 500 unless said. */
  freezeAfter?: number;
}

/** Watches and listens for some seconds. */
export async function measurePlayback(page: Page, options: MeasureOptions): Promise<Playback> {
  const { seconds, selector = 'video', freezeAfter } = options;
  return judge(await inPage(page, recordPlayback, { selector, seconds, layout: counterLayout }), freezeAfter);
}

/** The frame that is shown now; undefined if there is no picture, or none of the sample films. */
export async function currentFrame(page: Page, selector = 'video'): Promise<FrameId | undefined> {
  return decodeFrame(await inPage(page, readShownLevels, { selector, layout: counterLayout }));
}

/**
 * Waits until a frame is shown that fits.
 * @throws Error that says which frame was shown last, if none does within `timeout` ms.
 */
export async function waitForFrame(
  page: Page,
  fits: (frame: FrameId) => boolean,
  { selector = 'video', timeout = 15_000 } = {},
): Promise<FrameId> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const frame = await currentFrame(page, selector);
    if (frame && fits(frame)) return frame;
    if (Date.now() > deadline) {
      const shown = frame ? `frame ${frame.frame} of film ${frame.film}` : 'no frame of the sample films';
      throw new Error(`No frame that fits was shown within ${timeout} ms; at the end there was ${shown}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/**
 * Waits until the picture, which is watched (`watchPictures`), moves again after it stood for at least `least` seconds.
 * @returns for how long, in seconds, which is printed too
 */
export async function gapOf(page: Page, what: string, least = 0): Promise<number> {
  const gap = await pictureGap(page, least);
  console.log(`${what}: no new picture for ${gap.toFixed(1)} s`);
  return gap;
}

/** Runs a function of page-recorder.ts inside the page, together with those that it needs. */
function inPage<Options, Result>(
  page: Page,
  run: (options: Options, tools: PageTools) => Result,
  options: Options,
): Promise<Awaited<Result>> {
  return page.evaluate(
    `(${run})(${JSON.stringify(options)}, { readLevels: ${readLevels}, readHeld: ${readHeld} })`,
  );
}
