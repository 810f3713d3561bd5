/** A film is played by the player's page in a headless browser. */
import type { Page } from 'playwright-core';
import { launchBrowser } from '../browser.ts';
import type { PlaybackAttempt } from '../doctor/playback.ts';
import { type Connections, keepConnections, selectedPair } from '../peer-connections.ts';
import { type Scene, seconds } from './scene.ts';

/** ms in which media has to find its way, and the first of it to arrive. */
const patience = 30_000;

export async function playInBrowser(program: string, scene: Scene, file: string): Promise<PlaybackAttempt> {
  const { origin, certificate, token } = scene;
  const launched = await launchBrowser(program, { trusted: certificate }).catch((error: Error) => error);
  if (launched instanceof Error) {
    return {
      failed: `${program} does not start: ${launched.message.split('\n')[0]}`,
      remedy: 'install a Chromium that starts, or set CHROMIUM to the path of one',
    };
  }
  await using browser = launched;
  // The certificate is a matter of its own; here it keeps nobody from looking.
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en' });
  await context.addInitScript(keepConnections);
  const page = await context.newPage();
  const query = new URLSearchParams({ file, autoplay: '1', ...(token && { token }) });
  const problem = await open(page, `${origin}/player/?${query}`);
  if (problem) {
    return {
      failed: `The player does not play ${file}: ${problem}`,
      remedy:
        'open the media ports (UDP) and TURN’s in the firewall; `npm run logs` says what the gateway did',
    };
  }
  const before = await readReceived(page);
  await page.waitForTimeout(seconds * 1000);
  const after = await readReceived(page);
  const pair = await selectedPair(page);
  const during = (kind: 'video' | 'audio') =>
    after[kind] &&
    (Object.fromEntries(
      Object.entries(after[kind]).map(([name, value]) => [
        name,
        value - (before[kind]?.[name as keyof Received] ?? 0),
      ]),
    ) as unknown as Received);
  return {
    receiver: 'browser',
    file,
    seconds,
    video: during('video'),
    audio: during('audio'),
    pair: pair && { ...pair, protocol: pair.relayProtocol ?? pair.protocol },
  };
}

/** Opens the player and waits until something arrives; says what stands in the way. */
async function open(page: Page, url: string): Promise<string | undefined> {
  try {
    await page.goto(url, { timeout: patience });
    await page.waitForFunction(
      () =>
        document.documentElement.dataset.playbackState === 'going' ||
        document.querySelector('[data-testid=error]') !== null,
      undefined,
      { timeout: patience },
    );
    const notice = page.getByTestId('error').locator('p').first();
    if ((await page.getByTestId('error').count()) > 0) return (await notice.innerText()).replace(/\.$/, '');
    // What is there of the file tells by itself: a sound has no picture.
    await page.waitForFunction(
      () => [...document.querySelectorAll('video')].some(({ currentTime }) => currentTime > 0),
      undefined,
      { timeout: patience },
    );
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  }
}

interface Received {
  packets: number;
  lost: number;
  frames: number;
  energy: number;
}

/** What the page's connections have received so far. */
function readReceived(page: Page): Promise<{ video?: Received; audio?: Received }> {
  return page.evaluate(async () => {
    const received: { video?: Received; audio?: Received } = {};
    for (const connection of (globalThis as Connections).keptConnections ?? []) {
      for (const report of (await connection.getStats()).values()) {
        if (report.type !== 'inbound-rtp' || !report.packetsReceived) continue;
        received[report.kind as 'video' | 'audio'] = {
          packets: report.packetsReceived,
          lost: report.packetsLost,
          frames: report.framesDecoded ?? 0,
          energy: report.totalAudioEnergy ?? 0,
        };
      }
    }
    return received;
  });
}
