/** The browser that the tests look with. */
import { which } from 'zx';
import { aptInstall } from './engine.ts';
import { Failure } from './steps.ts';

/** Path of Chromium: `CHROMIUM` names it, else it is on PATH, else the distribution's is installed. */
export async function ensureBrowser(): Promise<string> {
  const found =
    process.env.CHROMIUM ??
    (await which('chromium', { nothrow: true })) ??
    (await which('google-chrome', { nothrow: true }));
  if (found) return found;
  if (process.getuid?.() !== 0 || (await which('apt-get', { nothrow: true })) === null) {
    throw new Failure('No Chromium was found; install it, or set CHROMIUM to its path.');
  }
  await aptInstall(['chromium']);
  return (await which('chromium')) as string;
}
