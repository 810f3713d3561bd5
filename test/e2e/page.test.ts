/** The player's page, control by control, as a viewer uses it; and in the pages of others. */
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type axe from 'axe-core';
import type { BrowserContextOptions, FrameLocator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import { findMediaTools } from '../../scripts/lib/media-tools.ts';
import type { Connections } from '../../scripts/lib/peer-connections.ts';
import { framesPerSecond } from '../../scripts/lib/samples/films.ts';
import { openBrowser, type TestBrowser, type TestPage } from '../support/browser.ts';
import { Deployment, mediaFolder } from '../support/deployment.ts';
import { measurePlayback, waitForFrame } from '../support/measure.ts';
import { connected, playbackState } from '../support/player.ts';

const media = mkdtempSync(join(tmpdir(), 'janus-deploy-page-'));
let deployment: Deployment;
let browser: TestBrowser;
const open: TestPage[] = [];
/** Another site: its page is asked for at two origins, of which the deployment lists the first. */
const site = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '', 'http://localhost');
  response.setHeader('content-type', 'text/html').end(searchParams.get('html') ?? '');
});
const origin = (host: string) => `http://${host}:${(site.address() as AddressInfo).port}`;

beforeAll(async () => {
  for (const name of ['sample.mp4', 'sample-2.mp4', 'sample.mp3']) {
    cpSync(join(mediaFolder, name), join(media, name));
  }
  cpSync(join(mediaFolder, 'sample.mp4'), join(media, 'damaged.mp4'));
  truncateSync(join(media, 'damaged.mp4'), 50_000);
  const captions = (line: string) => `WEBVTT\n\n00:00.000 --> 00:24.000\n<i>${line}</i>\n`;
  writeFileSync(join(media, 'sample.en.vtt'), captions('In English'));
  writeFileSync(join(media, 'sample.zh-CN.vtt'), captions('中文字幕'));
  const tools = await findMediaTools();
  const make = (output: string, inputs: string[], args: string[]) =>
    tools.run({
      tool: 'ffmpeg',
      folder: media,
      inputs,
      output,
      args: [...inputs.flatMap((input) => ['-i', input]), ...args, output],
    });
  // In English it is silent.
  await make(
    'two-languages.mp4',
    ['sample.mp4'],
    [
      ...['-f', 'lavfi', '-i', 'anullsrc', '-shortest', '-map', '0:v', '-map', '1:a', '-map', '0:a'],
      ...['-codec', 'copy', '-codec:a:0', 'aac'],
      ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=deu'],
    ],
  );
  await make(
    'cover.mp3',
    ['sample.mp3'],
    [
      ...['-f', 'lavfi', '-i', 'color=teal:size=64x48:rate=1:duration=1', '-map', '0:a', '-map', '1:v'],
      ...['-codec:a', 'copy', '-codec:v', 'png', '-disposition:v', 'attached_pic'],
    ],
  );
  await $({ quiet: true })`chmod -R a+rX ${media}`;
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  deployment = await new Deployment('e2e', {
    mediaFolder: media,
    maxViewers: 2,
    embed: origin('localhost'),
  }).prepare();
  await deployment.run('down');
  await deployment.up();
  browser = await openBrowser({ certificateAuthority: deployment.authority });
});
afterEach(async () => {
  for (const { context } of open.splice(0)) await context.close();
});
afterAll(async () => {
  site.close();
  await browser?.close();
  await deployment?.remove();
  rmSync(media, { recursive: true, force: true });
});

/** A page in a context of its own, which the end of the test closes. */
async function newPage(options?: BrowserContextOptions): Promise<TestPage> {
  const test = await browser.newPage(options);
  open.push(test);
  return test;
}

/** The player's page with a query, once media can flow. */
async function visit(query = '', options?: BrowserContextOptions): Promise<Page> {
  const { page } = await newPage(options);
  await page.goto(deployment.url('playerPort', `/player/${query}`));
  await connected(page);
  return page;
}

/** The page that plays the first sample film, which begins anew at its end. */
async function watch(query = ''): Promise<Page> {
  const page = await visit(`?file=sample.mp4&autoplay=1${query}`);
  await waitForFrame(page, ({ film }) => film === 1);
  await page.getByTestId('loop').click();
  return page;
}

/** Waits for a frame from a stretch of the film, in seconds. */
const shows = (page: Page, from: number, to: number) =>
  waitForFrame(page, ({ frame }) => frame >= from * framesPerSecond && frame < to * framesPerSecond);
/** Something of the page's first video. */
const ofVideo = <T>(page: Page, read: (video: HTMLVideoElement) => T) => page.locator('video').evaluate(read);

/** The stage fills the screen, and knows it; or neither. */
const expectFullscreen = (page: Page, expected: boolean) =>
  expect
    .poll(() => page.evaluate(() => document.fullscreenElement?.matches('.stage.fullscreen') ?? false))
    .toBe(expected)
    .then(() => expect.poll(() => page.locator('.stage.fullscreen').count()).toBe(expected ? 1 : 0));

describe('the page', () => {
  it('asks nobody else, and complains of nothing', async () => {
    const { page, errors } = await newPage();
    const foreign: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(deployment.url('playerPort', '/'))) foreign.push(request.url());
    });
    await page.goto(deployment.url('playerPort', '/player/?file=sample.mp4&autoplay=1'));
    await waitForFrame(page, ({ film }) => film === 1);
    expect(foreign).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('begins where a link says', async () => {
    const page = await visit('?file=sample-2.mp4&t=10&autoplay=1');
    const { film, frame } = await waitForFrame(page, () => true);
    expect(film).toBe(2);
    expect(frame).toBeGreaterThan(9.9 * framesPerSecond);
    expect(frame).toBeLessThan(12 * framesPerSecond);
    expect(await page.title()).toContain('sample-2.mp4');
  });

  it('chooses the file of a link, and leaves it to the viewer to play it', async () => {
    const page = await visit('?file=sample-2.mp4&t=10');
    await page
      .getByTestId('times')
      .getByText(/^0:10 \/ 0:\d\d$/)
      .waitFor();
    await page.locator('.big-play').click();
    expect((await shows(page, 9.9, 12)).film).toBe(2);
  });

  it('speaks the browser’s language, and the other one when asked to', async () => {
    const page = await visit('', { locale: 'zh-CN' });
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
    expect(await page.getByTestId('play').getAttribute('aria-label')).toBe('播放');
    await page.getByRole('button', { name: 'English' }).click();
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    expect(await page.getByTestId('play').getAttribute('aria-label')).toBe('Play');
  });

  it('says its states in words', async () => {
    const page = await visit('?file=sample.mp4');
    const states = page.locator('.states dd');
    expect(await states.allTextContents()).toEqual(['Connected', 'Ready']);
    await page.getByTestId('play').click();
    await playbackState(page, 'going');
    expect(await states.allTextContents()).toEqual(['Connected', 'Playing']);
    await page.getByTestId('pause').click();
    await playbackState(page, 'paused');
    expect(await states.allTextContents()).toEqual(['Connected', 'Paused']);
  });
});

describe('the controls', () => {
  it('the main button plays, pauses and resumes; the one beside it stops', async () => {
    const page = await visit('?file=sample.mp4');
    await page.getByTestId('play').click();
    await waitForFrame(page, ({ frame }) => frame > 10);
    await page.getByTestId('pause').click();
    await playbackState(page, 'paused');
    await page.getByTestId('resume').click();
    await playbackState(page, 'going');
    await page.getByTestId('stop').click();
    await playbackState(page, 'ready');
  });

  it('the timeline goes where it is clicked, dragged and moved by keys', async () => {
    const page = await watch();
    const timeline = page.getByTestId('timeline');
    const { x, y, width, height } = (await timeline.boundingBox()) as Box;
    const at = (share: number) => [x + width * share, y + height / 2] as const;
    await page.mouse.click(...at(0.5));
    await shows(page, 11.7, 13);
    await page.mouse.move(...at(0.5));
    await page.mouse.down();
    await page.mouse.move(...at(0.2), { steps: 5 });
    await page.mouse.move(...at(0.75), { steps: 5 });
    await page.mouse.up();
    await shows(page, 17.7, 19);
    await timeline.press('Home');
    await shows(page, 0, 1);
    await timeline.press('ArrowUp');
    await timeline.press('ArrowRight');
    await shows(page, 9.9, 13);
    await timeline.press('PageDown');
    await shows(page, 0, 2);
  });

  it('repeat begins the film anew, and without it the film ends', async () => {
    const page = await watch('&t=22');
    expect(await page.getByTestId('loop').getAttribute('aria-pressed')).toBe('true');
    await shows(page, 0, 2);
    await page.getByTestId('loop').click();
    await page.getByTestId('timeline').press('End');
    await playbackState(page, 'ready');
  });

  it('the volume is set, switched off and on, and kept for the next visit', async () => {
    const page = await watch();
    const loud = await measurePlayback(page, { seconds: 1 });
    expect(loud.loudness).toBeGreaterThan(-40);
    await page.getByTestId('volume').fill('0.3');
    expect(await ofVideo(page, (video) => video.volume)).toBeCloseTo(0.3);
    await page.getByTestId('mute').click();
    expect(await ofVideo(page, (video) => video.muted)).toBe(true);
    expect(await page.getByTestId('mute').getAttribute('aria-label')).toBe('Unmute');
    await page.getByTestId('mute').click();
    expect(await ofVideo(page, (video) => video.muted)).toBe(false);
    await page.reload();
    expect(Number(await page.getByTestId('volume').inputValue())).toBeCloseTo(0.3);
  });

  it('full screen fills it and gives it back', async () => {
    const page = await watch();
    await page.getByTestId('fullscreen').click();
    await expectFullscreen(page, true);
    await page.mouse.move(100, 100);
    await page.getByTestId('fullscreen').click();
    await expectFullscreen(page, false);
    await page.locator('video').dblclick();
    await expectFullscreen(page, true);
    await playbackState(page, 'going');
  });

  it('picture-in-picture takes the picture out of the page and puts it back', async () => {
    const page = await watch();
    const out = () => page.evaluate(() => document.pictureInPictureElement?.id ?? '');
    await page.getByTestId('picture-in-picture').click();
    await expect.poll(out).toBe('stage-video');
    await page.getByTestId('picture-in-picture').click();
    await expect.poll(out).toBe('');
  });

  it('captions are chosen by language, and go with their file', async () => {
    const page = await watch();
    const lines = page.getByTestId('caption-lines');
    await page.getByTestId('captions').click();
    await page.getByTestId('captions-zh-CN').click();
    await lines.getByText('中文字幕').waitFor();
    expect(await lines.locator('i').count()).toBe(1);
    await page.getByTestId('captions').click();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await lines.getByText('In English').waitFor();
    await page.getByTestId('file-sample-2.mp4').click();
    await expect.poll(() => lines.textContent()).toBe('');
    expect(await page.getByTestId('captions').isDisabled()).toBe(true);
  });

  it('a film is heard in another language, and in the same one the next time', async () => {
    const page = await visit('?file=two-languages.mp4&autoplay=1');
    const notes = async () => (await measurePlayback(page, { seconds: 2 })).tones.length;
    await waitForFrame(page, ({ film }) => film === 1);
    expect(await notes()).toBe(0);
    await page.getByTestId('sounds').click();
    await page.getByRole('menuitemradio', { name: 'German' }).click();
    await expect.poll(notes, { timeout: 15_000 }).toBeGreaterThan(0);
    await page.reload();
    await waitForFrame(page, ({ film }) => film === 1);
    await expect.poll(notes, { timeout: 15_000 }).toBeGreaterThan(0);
  });

  it('a sound shows its cover, and one without shows none', async () => {
    const page = await visit('?file=cover.mp3');
    const cover = page.getByTestId('cover');
    await cover.waitFor();
    const size = () => cover.evaluate((image: HTMLImageElement) => [image.naturalWidth, image.naturalHeight]);
    await expect.poll(size).toEqual([64, 48]);
    await page.getByTestId('file-sample.mp3').click();
    await cover.waitFor({ state: 'detached' });
  });

  it('statistics tell what comes, and how', async () => {
    const page = await watch();
    await page.getByTestId('statistics').click();
    const said = (what: string) => page.getByTestId(`stat-${what}`).textContent();
    // A rate is known from the second reading on.
    await expect.poll(() => said('bitrate'), { timeout: 10_000 }).toMatch(/^\d.* [kM]bit\/s$/);
    await expect.poll(() => said('frame-rate'), { timeout: 10_000 }).toMatch(/^2[3-6] fps$/);
    expect(await said('video')).toBe('H.264 · 854×480');
    expect(await said('audio')).toMatch(/^Opus/);
    expect(Number(await said('frames'))).toBeGreaterThan(20);
    expect(await said('loss')).toBe('0.0 %');
    expect(await said('round-trip')).toMatch(/^\d+ ms$/);
    expect(await said('path')).toMatch(/^(host|srflx|prflx|relay) → (host|srflx|prflx|relay), UDP$/);
  });

  it('the list has durations, says why a file cannot be played, and plays what is clicked twice', async () => {
    const page = await visit();
    const entry = (name: string) => page.getByTestId(`file-${name}`);
    expect(await entry('sample.mp4').textContent()).toContain('0:24');
    expect(await entry('sample.mp3').textContent()).toContain('0:24');
    await entry('damaged.mp4').click();
    expect(await page.getByTestId('probe').textContent()).toMatch(/^Cannot be played: .*\w{4,}/);
    expect(await page.getByTestId('play').getAttribute('aria-disabled')).toBe('true');
    await entry('sample-2.mp4').dblclick();
    await waitForFrame(page, ({ film }) => film === 2);
    await page.getByTestId('play-all-film').click();
    await page.getByTestId('skipped').getByText('damaged.mp4').waitFor();
    await waitForFrame(page, ({ film }) => film !== 2);
    await page.getByTestId('next').click();
    await waitForFrame(page, ({ film }) => film === 2);
  });

  it('keys do the same', async () => {
    const page = await watch();
    const key = (name: string) => page.keyboard.press(name);
    // A button that has the focus has its own use for the space bar.
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await shows(page, 1, 4);
    await key('ArrowRight');
    await key('ArrowRight');
    const { frame } = await shows(page, 10, 15);
    await key('ArrowLeft');
    await waitForFrame(page, (now) => now.frame < frame - 3 * framesPerSecond);
    await key('Space');
    await playbackState(page, 'paused');
    await key('k');
    await playbackState(page, 'going');
    await key('ArrowDown');
    await key('ArrowDown');
    expect(await ofVideo(page, (video) => video.volume)).toBeCloseTo(0.8);
    await key('m');
    expect(await ofVideo(page, (video) => video.muted)).toBe(true);
    await key('c');
    await page.getByTestId('caption-lines').locator('p').waitFor();
    await key('d');
    await page.getByTestId('stats').waitFor();
    await key('f');
    await expectFullscreen(page, true);
    await key('f');
    await expectFullscreen(page, false);
    await key('s');
    await playbackState(page, 'ready');
  });

  it('are reached one after another, the picture’s before the list’s', async () => {
    const page = await watch();
    await page.keyboard.press('Tab');
    const order: string[] = [];
    for (let steps = 0; steps < 30; steps++) {
      await page.keyboard.press('Tab');
      order.push(await page.evaluate(() => (document.activeElement as HTMLElement).dataset.testid ?? ''));
    }
    const expected = ['timeline', 'pause', 'stop', 'mute', 'volume', 'captions', 'loop', 'statistics'];
    const found = order.filter((name) => [...expected, 'fullscreen', 'file-sample.mp4'].includes(name));
    expect(found).toEqual(expect.arrayContaining(expected));
    expect(found.indexOf('file-sample.mp4')).toBeGreaterThan(found.indexOf('fullscreen'));
  });
});

describe('what goes wrong is said with the next step', () => {
  const error = (page: Page) => page.getByTestId('error');
  const gateway = () => `janus-deploy-${deployment.stack}-gateway`;

  it('a file that is not there', async () => {
    const page = await visit('?file=none.mp4&lang=en');
    await page.getByTestId('probe').getByText('The server has no file of this name.').waitFor();
    expect(await page.getByTestId('play').getAttribute('aria-disabled')).toBe('true');
  });

  it('media that find no way, without a relay and with one', async () => {
    const { page } = await newPage({ locale: 'en' });
    // What a browser that may use a relay alone is told of none.
    await page.route('**/turn-credentials', (route) => route.fulfill({ json: { iceServers: [] } }));
    await page.goto(deployment.url('playerPort', '/player/?relay'));
    await expect
      .poll(() => error(page).textContent(), { timeout: 15_000 })
      .toMatch(/no way from the server to you.*open its UDP media ports.*the server offered none/);
    await page.getByTestId('retry').waitFor();
  });

  it('as many viewers as the server allows', async () => {
    await watch();
    await watch();
    const page = await visit('?file=sample.mp4&lang=en');
    await page.getByTestId('play').click();
    await expect
      .poll(() => error(page).textContent())
      .toMatch(/^As many watch as the server allows\. Try again/);
    expect(await error(page).getAttribute('data-code')).toBe('server-full');
    await open[0].context.close();
    const admitted = async () => {
      await page.getByTestId('play').click();
      return playbackState(page, 'going', 1500).then(
        () => true,
        () => false,
      );
    };
    await expect.poll(admitted, { timeout: 15_000 }).toBe(true);
  });

  it('a server that is not there, until it is', async () => {
    await $({ quiet: true })`docker stop ${gateway()}`;
    const { page } = await newPage({ locale: 'zh-CN' });
    try {
      await page.goto(deployment.url('playerPort', '/player/?file=sample.mp4'));
      await expect.poll(() => error(page).textContent(), { timeout: 15_000 }).toMatch(/^无法连接.*防火墙/);
      await page.getByTestId('retry').waitFor();
    } finally {
      await $({ quiet: true })`docker start ${gateway()}`;
    }
    await connected(page);
    expect(await error(page).count()).toBe(0);
  });
});

describe('for everybody: axe finds no violation of WCAG 2.2 AA', () => {
  const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  /** What axe finds in the page as it is now: its rule, and where. */
  async function violations(page: Page): Promise<string[]> {
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as { axe: typeof axe }).axe.run({
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      }),
    );
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(', ')}`);
  }

  it.each([
    ['en', 'light'],
    ['en', 'dark'],
    ['zh', 'light'],
    ['zh', 'dark'],
  ] as const)('in %s, %s', async (lang, colorScheme) => {
    // A control that fades in would be looked at halfway.
    const page = await visit(`?lang=${lang}`, { colorScheme, reducedMotion: 'reduce' });
    await page.evaluate(source);
    const found: Record<string, string[]> = {};
    const look = async (state: string) => {
      found[state] = await violations(page);
    };
    await page.getByTestId('file-sample.mp4').click();
    await look('ready');
    await page.getByTestId('play').click();
    await waitForFrame(page, ({ film }) => film === 1);
    await page.getByTestId('statistics').click();
    await page.locator('details.keys summary').click();
    await page.getByTestId('captions').click();
    await look('playing, with captions to choose, statistics and keys');
    await page.getByTestId('captions-en').click();
    await page.getByTestId('pause').click();
    await playbackState(page, 'paused');
    await look('paused, with a caption');
    await page.getByTestId('file-sample.mp3').click();
    await page.getByTestId('play').click();
    await playbackState(page, 'going');
    await look('sound');
    await page.getByTestId('file-damaged.mp4').click();
    await playbackState(page, 'ready');
    await look('a file that cannot be played');
    await page.getByTestId('play-all-film').click();
    await page.getByTestId('skipped').waitFor();
    await look('a file that was passed over');
    await page.setViewportSize({ width: 360, height: 720 });
    await look('on a phone');
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((state) => [state, []])));
  });

  it('of an error, and of the stage alone', async () => {
    const { page } = await newPage({ reducedMotion: 'reduce' });
    await page.route('**/janus', (route) => route.abort());
    await page.goto(deployment.url('playerPort', '/player/'));
    await page.getByTestId('retry').waitFor();
    await page.evaluate(source);
    expect(await violations(page)).toEqual([]);
    await page.unroute('**/janus');
    await page.goto(deployment.url('playerPort', '/player/?embed&file=sample.mp4'));
    await connected(page);
    await page.evaluate(source);
    expect(await violations(page)).toEqual([]);
  });
});

type JanusPlay = HTMLElement & {
  playbackState: string;
  position: number;
  play(): Promise<void>;
  pause(): Promise<void>;
  seek(position: number): Promise<void>;
};

const decoded = (video: HTMLVideoElement) => video.getVideoPlaybackQuality().totalVideoFrames;

describe('the player in a page of another site', () => {
  const show = (page: Page, host: string, html: string) =>
    page.goto(`${origin(host)}/?html=${encodeURIComponent(html)}`);
  /** Its styles and its keys are the page's own. */
  const element = () =>
    `<script type="module" src="${deployment.url('playerPort', '/player/janus-play.js')}"></script>
     <style>h2, button { display: none }</style>
     <script>addEventListener('keydown', ({ key }) => { document.title += key })</script>
     <input id="field"><p id="text" tabindex="0">The page’s own</p>
     <janus-play file="sample.mp4" start="5" autoplay locale="en"></janus-play>`;
  const frame = () =>
    `<iframe src="${deployment.url('playerPort', '/player/?embed&file=sample.mp4&autoplay=1')}" allow="autoplay"></iframe>`;

  const plays = (within: Page | FrameLocator) =>
    expect.poll(() => within.locator('video').evaluate(decoded), { timeout: 20_000 }).toBeGreaterThan(20);

  it('that is listed plays, and is controlled by it', async () => {
    const { page, errors } = await newPage();
    await show(page, 'localhost', element());
    const player = page.locator('janus-play');
    const state = () => player.evaluate((player: JanusPlay) => player.playbackState);
    await plays(page);
    await player.evaluate((player: JanusPlay) => player.seek(12));
    await player.evaluate((player: JanusPlay) => player.pause());
    expect(await state()).toBe('paused');
    expect(await player.evaluate((player: JanusPlay) => player.position)).toBeGreaterThan(12);
    // The page's styles stay outside.
    expect(await page.getByTestId('resume').isVisible()).toBe(true);
    await page.getByTestId('captions').click();
    await page.getByTestId('captions-en').click();
    await page.getByTestId('caption-lines').getByText('In English').waitFor();
    expect(errors).toEqual([]);
  });

  it('leaves the page its keys, and takes them when it has the focus', async () => {
    const { page } = await newPage();
    await show(page, 'localhost', element());
    await plays(page);
    const state = () => page.locator('janus-play').evaluate((player: JanusPlay) => player.playbackState);
    for (const place of ['#field', '#text']) {
      await page.locator(place).focus();
      await page.keyboard.press('k');
      await page.keyboard.press('m');
    }
    expect(await page.locator('#field').inputValue()).toBe('km');
    expect(await page.title()).toBe('kmkm');
    expect(await state()).toBe('going');
    expect(await ofVideo(page, (video) => video.muted)).toBe(false);
    await page.getByTestId('loop').focus();
    await page.keyboard.press('k');
    await expect.poll(state).toBe('paused');
  });

  it('is gone without a trace when it is taken out', async () => {
    const { page } = await newPage();
    await show(page, 'localhost', element());
    await plays(page);
    await page.locator('janus-play').evaluate((player) => player.remove());
    const connections = () =>
      page.evaluate(() =>
        ((globalThis as Connections).keptConnections ?? []).map(({ connectionState }) => connectionState),
      );
    await expect.poll(connections).toEqual(['closed']);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.waitForTimeout(1500);
    expect(asked).toEqual([]);
  });

  it('that is listed has it in a frame', async () => {
    const { page } = await newPage();
    await show(page, 'localhost', frame());
    await plays(page.frameLocator('iframe'));
  });

  it('that is not listed is refused', async () => {
    const { page, errors } = await newPage();
    await show(page, '127.0.0.1', element() + frame());
    await expect.poll(() => errors.join()).toMatch(/CORS policy/);
    await expect.poll(() => errors.join()).toMatch(/frame-ancestors/);
    expect(await page.evaluate(() => !!customElements.get('janus-play'))).toBe(false);
    const asked = page.evaluate(
      (url) => fetch(url).then(String, String),
      deployment.url('playerPort', '/janus/info'),
    );
    expect(await asked).toMatch(/Failed to fetch/);
  });

  it('gets the player of today: what has the same name after an update is asked for again', async () => {
    const cached = async (path: string) =>
      (await $({ quiet: true })`curl -skI ${deployment.url('playerPort', `/player/${path}`)}`).stdout.match(
        /cache-control: (.*)\r/i,
      )?.[1];
    expect(await cached('janus-play.js')).toBe('no-cache');
    expect(await cached('')).toBe('no-cache');
    const [, asset = ''] =
      /(assets\/[^"]+\.js)/.exec(
        await $({ quiet: true })`curl -sk ${deployment.url('playerPort', '/player/')}`.text(),
      ) ?? [];
    expect(await cached(asset)).toMatch(/immutable/);
  });
});

type Box = { x: number; y: number; width: number; height: number };
