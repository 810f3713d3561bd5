/** What stands beside the player: the demos, the API for other clients, the gateway's resistance. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { Deployment } from '../support/deployment.ts';
import { missing091 } from '../support/flavours.ts';
import { waitForFrame } from '../support/measure.ts';
import { connected, playFile } from '../support/player.ts';

let deployment: Deployment;
let browser: TestBrowser;

beforeAll(async () => {
  deployment = await new Deployment('e2e', { maxViewers: 4 }).prepare();
  await deployment.run('down');
  await deployment.up();
  browser = await openBrowser({
    certificateAuthority: deployment.authority,
    args: ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
  });
});
afterAll(async () => {
  await browser?.close();
  await deployment?.remove();
});

describe('the demos', () => {
  it('show the echo test, with everything served from here', async () => {
    const { page, context, errors } = await browser.newPage();
    const foreign: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(deployment.url('demosPort', '')) && !request.url().startsWith('blob:'))
        foreign.push(request.url());
    });
    await page.goto(deployment.url('demosPort', '/echotest.html'));
    await page.locator('#start').click();
    await page.waitForFunction(
      () =>
        [...document.querySelectorAll('video')].some(
          (video) => video.id !== 'myvideo' && video.getVideoPlaybackQuality().totalVideoFrames > 20,
        ),
      undefined,
      { timeout: 30_000 },
    );
    expect(foreign).toEqual([]);
    expect(errors.filter((error) => !/data ?channel|favicon/i.test(error))).toEqual([]);
    await context.close();
  });
});

describe('the player', () => {
  it('plays though the network loses what the gateway says while it connects', async () => {
    const { page, context } = await browser.newPage({ ignoreHTTPSErrors: true });
    let lost = 0;
    await page.route('**/janus/*?*', async (route) => {
      const response = await route.fetch().catch(() => undefined);
      if (!response || (lost === 0 && (await response.text()).includes('webrtcup'))) {
        lost++;
        return route.abort('connectionreset');
      }
      return route.fulfill({ response });
    });
    await page.goto(deployment.url('playerPort', '/player/'));
    await connected(page);
    expect(lost).toBe(1);
    await playFile(page, 'sample.mp4');
    await waitForFrame(page, ({ film }) => film === 1);
    await context.close();
  });
});

describe('the Janus API', () => {
  it.each([
    ['apiHttpPort', 'http'],
    ['apiHttpsPort', 'https'],
    ['playerPort', 'https'],
    ['demosPort', 'https'],
  ] as const)('answers existing clients on %s', async (port, protocol) => {
    const info = (await insecure(deployment.url(port, '/janus/info', protocol))) as {
      janus: string;
      plugins: object;
    };
    expect(info.janus).toBe('server_info');
    expect(Object.keys(info.plugins)).toContain('janus.plugin.tms.play');
  });

  it('has no admin door on the network', async () => {
    const answer = await $({
      quiet: true,
    })`curl -sk -o /dev/null -w ${'%{http_code}'} ${deployment.url('playerPort', '/admin')}`;
    expect(answer.stdout).toBe('404');
    const listed = await janus({ janus: 'list_sessions', admin_secret: 'janusoverlord' }, '/admin');
    expect(listed.janus).toBe('error');
  });
});

describe.skipIf(missing091 !== undefined)('the patched gateway', () => {
  const media = [
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'c=IN IP4 0.0.0.0',
    'a=ice-ufrag:abcd',
    'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  ];
  const fingerprint = `a=fingerprint:sha-256 ${Array(32).fill('AA').join(':')}`;
  const offer = (global: string[], own: string[]) =>
    [
      'v=0',
      'o=- 1 2 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      'a=group:BUNDLE a',
      ...global,
      ...media,
      fingerprint,
      'a=setup:actpass',
      'a=rtcp-mux',
      ...own,
      '',
    ].join('\r\n');
  const codec = 'a=rtpmap:111 opus/48000/2';

  it.each([
    ['a mid without a value (CVE-2020-13898)', offer([], ['a=mid', codec])],
    ['a fingerprint without a value (CVE-2020-13900)', offer(['a=fingerprint'], ['a=mid:a', codec])],
    [
      'a codec name that is too long (CVE-2020-14034)',
      offer([], ['a=mid:a', `a=rtpmap:111 opus/${'4'.repeat(3000)}`]),
    ],
    [
      'an extension name that is too long',
      offer([], ['a=mid:a', codec, `a=extmap:1 urn:${'x'.repeat(600)}`]),
    ],
  ])('survives %s', async (_, sdp) => {
    const session = await janus({ janus: 'create' });
    const path = `/${session.data.id}`;
    const handle = await janus({ janus: 'attach', plugin: 'janus.plugin.echotest' }, path);
    await janus(
      { janus: 'message', body: { audio: true }, jsep: { type: 'offer', sdp } },
      `${path}/${handle.data.id}`,
    );
    await janus({ janus: 'destroy' }, path);
    const restarts = await $({
      quiet: true,
    })`docker inspect --format {{.RestartCount}} janus-deploy-${deployment.stack}-gateway`;
    expect(restarts.stdout.trim()).toBe('0');
    expect((await janus({ janus: 'create' })).janus).toBe('success');
  });
});

/** JSON from a service whose certificate is not looked at here. */
async function insecure(url: string): Promise<unknown> {
  return JSON.parse((await $({ quiet: true })`curl -sk --max-time 10 ${url}`).stdout);
}

async function janus(request: object, path = ''): Promise<{ janus: string; data: { id: number } }> {
  const url = deployment.url('apiHttpPort', `/janus${path}`, 'http');
  const response = await fetch(url, {
    method: 'POST',
    body: JSON.stringify({ transaction: 'test', ...request }),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}
