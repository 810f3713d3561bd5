/** The yardstick itself: films whose truth is known, played by a real browser. */
import { createReadStream, statSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findMediaTools } from '../../scripts/lib/media-tools.ts';
import { ensureSamples } from '../../scripts/lib/samples.ts';
import { openBrowser, type TestBrowser, type TestPage } from '../support/browser.ts';
import { mediaFolder } from '../support/deployment.ts';
import { currentFrame, measurePlayback, waitForFrame } from '../support/measure.ts';

/**
 * ms that sound and picture of a film may be apart. On an idle machine it is less than 15; on a busy one Chromium
 * itself shows pictures a refresh or two late.
 */
const tolerance = 35;

/** The samples, and one whose sound is late. */
let folder: string;
let server: Server;
let browser: TestBrowser;
let test: TestPage;

beforeAll(async () => {
  await ensureSamples(mediaFolder);
  folder = await mkdtemp(join(tmpdir(), 'measure-'));
  for (const name of ['sample.mp4', 'sample-2.mp4', 'sample-8k.mp4']) {
    await copyFile(join(mediaFolder, name), join(folder, name));
  }
  await delaySound('sample.mp4', 'late.mp4', 200);
  server = createServer((request, response) => serve(request.url ?? '/', request.headers.range, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
  server?.close();
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  test = await browser.newPage();
  await test.page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});

afterEach(() => test.context.close());

describe('a film played from its file', () => {
  it('is read frame by frame, its sound in step', async () => {
    await play('sample.mp4');
    const playback = await measurePlayback(test.page, { seconds: 5 });

    expect(playback.first?.film).toBe(1);
    expect(playback.last?.frame).toBeGreaterThan(100);
    expect(playback.framesUnreadable).toBe(0);
    expect(playback.freezes).toEqual([]);
    expect(playback.jumps).toEqual([]);
    expect(playback.fps).toBeGreaterThan(24);
    expect(playback.fps).toBeLessThan(26);
    expect(playback.loudness).toBeGreaterThan(-40);
    expect(playback.tones.length).toBeGreaterThanOrEqual(4);
    expect(playback.avOffsetMs?.count).toBeGreaterThanOrEqual(3);
    expect(Math.abs(playback.avOffsetMs?.median ?? Number.NaN)).toBeLessThan(tolerance);
  });

  it.each(['sample-2.mp4', 'sample-8k.mp4'])('%s is read too', async (name) => {
    await play(name);
    const playback = await measurePlayback(test.page, { seconds: 4 });
    expect(playback.first?.film).toBe(name === 'sample-2.mp4' ? 2 : 1);
    expect(Math.abs(playback.avOffsetMs?.median ?? Number.NaN)).toBeLessThan(tolerance);
  });

  it('with sound 200 ms late measures as that', async () => {
    await play('late.mp4');
    const { avOffsetMs } = await measurePlayback(test.page, { seconds: 5 });
    expect(Math.abs((avOffsetMs?.median ?? Number.NaN) - 200)).toBeLessThan(tolerance);
  });

  it('that is paused is frozen and silent, and its frame can still be read', async () => {
    await play('sample.mp4');
    const shown = await waitForFrame(test.page, ({ frame }) => frame > 20);
    await test.page
      .locator('video')
      .first()
      .evaluate((video: HTMLVideoElement) => video.pause());
    await test.page.waitForTimeout(300);
    const playback = await measurePlayback(test.page, { seconds: 2 });
    expect(playback.freezes).toHaveLength(1);
    expect(playback.freezes[0].duration).toBeGreaterThan(1900);
    expect(playback.loudness).toBe(Number.NEGATIVE_INFINITY);
    expect(playback.tones).toEqual([]);
    expect((await currentFrame(test.page))?.frame).toBeGreaterThanOrEqual(shown.frame);
  });

  it('that is sought is a jump', async () => {
    await play('sample.mp4');
    const measured = measurePlayback(test.page, { seconds: 4 });
    await test.page.waitForTimeout(1500);
    await test.page
      .locator('video')
      .first()
      .evaluate((video: HTMLVideoElement) => {
        video.currentTime = 15;
      });
    const { jumps, last } = await measured;
    expect(jumps).toHaveLength(1);
    expect(Math.abs(jumps[0].to.frame - 375)).toBeLessThan(10);
    expect(last?.frame).toBeGreaterThan(375);
  });
});

describe('a film sent through a peer connection', () => {
  /** Chromium hands the sound of a captured element over this long before its picture: one buffer of its output. */
  const captureLead = 64;

  it.each([
    ['sample.mp4', 0],
    ['late.mp4', 200],
  ])('%s is read, its sound %i ms late', async (name, late) => {
    await play(name);
    await connect();
    await waitForFrame(test.page, () => true, { selector: '#received' });
    const playback = await measurePlayback(test.page, { seconds: 6, selector: '#received' });
    expect(playback.framesRead).toBeGreaterThan(60);
    expect(playback.framesUnreadable).toBeLessThan(playback.framesRead / 20);
    expect(playback.jumps).toEqual([]);
    expect(playback.tones.length).toBeGreaterThanOrEqual(5);
    // Encoding adds to the picture's delay what the machine needs for it.
    const sent = (playback.sentOffsetMs ?? Number.NaN) + captureLead;
    expect(Math.abs(sent - late)).toBeLessThan(2 * tolerance);
  });

  it('is frozen while its sender stands still', async () => {
    await play('sample.mp4');
    await connect();
    await waitForFrame(test.page, () => true, { selector: '#received' });
    await test.page.waitForTimeout(1000);
    const measured = measurePlayback(test.page, { seconds: 5, selector: '#received' });
    const sent = test.page.locator('#sent');
    await test.page.waitForTimeout(1000);
    await sent.evaluate((video: HTMLVideoElement) => video.pause());
    await test.page.waitForTimeout(2000);
    await sent.evaluate((video: HTMLVideoElement) => video.play());
    const { freezes } = await measured;
    expect(freezes).toHaveLength(1);
    expect(Math.abs(freezes[0].duration - 2000)).toBeLessThan(600);
  });
});

it('without an element says so', async () => {
  await expect(measurePlayback(test.page, { seconds: 1, selector: '#nothing' })).rejects.toThrow(
    'The page has no element #nothing.',
  );
});

/** Plays a film in the page, and returns once it runs. */
async function play(name: string): Promise<void> {
  await test.page.locator('#sent').evaluate(async (video: HTMLVideoElement, source) => {
    video.src = source;
    await video.play();
  }, `/${name}`);
  await waitForFrame(test.page, ({ frame }) => frame > 5);
}

/** Sends what the first element plays to the second. */
async function connect(): Promise<void> {
  await test.page.evaluate(async () => {
    const sent = document.querySelector<HTMLVideoElement & { captureStream(): MediaStream }>('#sent');
    const received = document.querySelector<HTMLVideoElement>('#received');
    if (!sent || !received) throw new Error('The page is not the one of this test.');
    const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()];
    from.onicecandidate = ({ candidate }) => candidate && to.addIceCandidate(candidate);
    to.onicecandidate = ({ candidate }) => candidate && from.addIceCandidate(candidate);
    to.ontrack = ({ streams }) => {
      received.srcObject = streams[0];
    };
    const stream = sent.captureStream();
    for (const track of stream.getTracks()) from.addTrack(track, stream);
    await from.setLocalDescription();
    await to.setRemoteDescription(from.localDescription as RTCSessionDescription);
    await to.setLocalDescription();
    await from.setRemoteDescription(to.localDescription as RTCSessionDescription);
  });
}

/** A copy of a film whose sound comes later. */
async function delaySound(from: string, to: string, delay: number): Promise<void> {
  const tools = await findMediaTools();
  const args = ['-i', from, '-codec:v', 'copy', '-af', `adelay=${delay}:all=1`, '-codec:a', 'aac', to];
  await tools.run({ tool: 'ffmpeg', folder, inputs: [from], output: to, args });
}

function serve(url: string, range: string | undefined, response: ServerResponse): void {
  if (!/^\/[\w-]+\.mp4$/.test(url)) {
    response.setHeader('content-type', 'text/html');
    response.end(
      '<!doctype html><link rel="icon" href="data:,"><video id="sent" loop></video><video id="received" autoplay></video>',
    );
    return;
  }
  const path = join(folder, url.slice(1));
  const { size } = statSync(path);
  const [, first, last] = /bytes=(\d+)-(\d*)/.exec(range ?? '') ?? ['', '0', ''];
  const [start, end] = [Number(first), last ? Number(last) : size - 1];
  response.writeHead(range ? 206 : 200, {
    'content-type': 'video/mp4',
    'accept-ranges': 'bytes',
    'content-length': end - start + 1,
    ...(range && { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  createReadStream(path, { start, end }).pipe(response);
}
