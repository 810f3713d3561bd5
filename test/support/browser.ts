/** A headless Chromium for tests. */
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { keepConnections } from './page-recorder.ts';

export interface BrowserOptions {
  /**
   * PEM file of certificates whose keys are trusted: a server has to show one of them in its chain. All other
   * certificate errors stay errors.
   */
  certificateAuthority?: string;
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

const baseArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-background-networking',
  '--no-first-run',
];

/** Starts the Chromium that the environment variable CHROMIUM names, or Debian's. */
export async function openBrowser({
  certificateAuthority,
  args = [],
}: BrowserOptions = {}): Promise<TestBrowser> {
  const trusted = certificateAuthority
    ? [`--ignore-certificate-errors-spki-list=${keyHashes(certificateAuthority).join(',')}`]
    : [];
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: [...baseArguments, ...trusted, ...args],
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

/** SHA-256 of the public keys of all certificates in a PEM file, in base64. */
function keyHashes(file: string): string[] {
  const certificates = readFileSync(file, 'utf8').match(
    /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g,
  );
  if (!certificates) throw new Error(`${file} holds no PEM certificate.`);
  return certificates.map((pem) => {
    const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(key).digest('base64');
  });
}
