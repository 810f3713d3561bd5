/** The browser that the tests, and the proof that a deployment plays, look with. */
import { createHash, X509Certificate } from 'node:crypto';
import { type Browser, chromium } from 'playwright-core';
import { which } from 'zx';
import { aptInstall } from './engine.ts';
import { Failure } from './steps.ts';

const programs = ['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser', 'msedge'];

/** Path of a Chromium that is there: `CHROMIUM` names it, or it is on PATH; undefined where neither is. */
export async function findBrowser(): Promise<string | undefined> {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const program of programs) {
    const found = await which(program, { nothrow: true });
    if (found !== null) return found;
  }
  return undefined;
}

/** As `findBrowser`; where there is none, the distribution's is installed. */
export async function ensureBrowser(): Promise<string> {
  const found = await findBrowser();
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || (await which('apt-get', { nothrow: true })) === null) {
    throw new Failure('No Chromium was found; install it, or set CHROMIUM to its path.');
  }
  await aptInstall(['chromium']);
  return (await which('chromium')) as string;
}

const baseArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-background-networking',
  '--no-first-run',
];

/**
 * Starts a headless browser.
 * @param trusted PEM text of certificates whose keys are trusted: a server has to show one of them in its chain. All
 * other certificate errors stay errors.
 * @param args more arguments of its command line
 */
export async function launchBrowser(
  executablePath: string,
  { trusted, args = [] }: { trusted?: string; args?: string[] } = {},
): Promise<Browser> {
  const keys = trusted ? [`--ignore-certificate-errors-spki-list=${keyHashes(trusted).join(',')}`] : [];
  return chromium.launch({ executablePath, args: [...baseArguments, ...keys, ...args] });
}

/** SHA-256 of the public keys of all certificates in a PEM text, in base64. */
function keyHashes(pem: string): string[] {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return certificates.map((text) => {
    const key = new X509Certificate(text).publicKey.export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(key).digest('base64');
  });
}
