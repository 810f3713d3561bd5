/** A headless Chromium for tests. */
import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { launchBrowser } from '../../scripts/lib/browser.ts';
import { keepConnections } from '../../scripts/lib/peer-connections.ts';

export interface BrowserOptions {
  /** PEM file of certificates whose keys are trusted, see `launchBrowser`. */
  certificateAuthority?: string;
  /** Instead of `chromium`. */
  program?: string;
  /** More arguments of Chromium's command line. */
  args?: string[];
}

export interface TestPage {
  page: Page;
  context: BrowserContext;
  /** What the page complained about: console errors (a file that could not be loaded is one), uncaught exceptions. */
  errors: string[];
}

export interface TestBrowser extends AsyncDisposable {
  browser: Browser;
  /** A page in a context of its own. */
  newPage(options?: BrowserContextOptions): Promise<TestPage>;
  /** Ends the browser that was started, and no other. */
  close(): Promise<void>;
}

/** The Chromium that the environment variable CHROMIUM names, or Debian's. */
export const chromium = process.env.CHROMIUM || '/usr/bin/chromium';

/** Starts a browser without a window. */
export async function openBrowser({
  certificateAuthority,
  program = chromium,
  args,
}: BrowserOptions = {}): Promise<TestBrowser> {
  const browser = await launchBrowser(program, {
    trusted: certificateAuthority && readFileSync(certificateAuthority, 'utf8'),
    args,
  });
  const close = () => browser.close();
  return {
    browser,
    close,
    [Symbol.asyncDispose]: close,
    async newPage(options) {
      const context = await browser.newContext(options);
      await context.addInitScript(keepConnections);
      const page = await context.newPage();
      const errors: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(`${message.text()} (${message.location().url})`);
      });
      page.on('pageerror', (error) => errors.push(error.message));
      return { page, context, errors };
    },
  };
}
