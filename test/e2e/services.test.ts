/** What stands beside the player: the demos, the API for other clients. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { $ } from 'zx';
import { playsOverTransport } from '../../scripts/lib/proof/transport.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { Deployment } from '../support/deployment.ts';
import { waitForFrame } from '../support/measure.ts';
import { connected, playFile } from '../support/player.ts';

let deployment: Deployment;
let browser: TestBrowser;

beforeAll(async () => {
  deployment = await new Deployment('e2e', { maxViewers: 4 }).deployAnew();
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

  it('are not served of plugins that are not there, CVE-2021-4020 and CVE-2021-4124 among them', async () => {
    for (const plugin of [
      'videoroom',
      'textroom',
      'audiobridge',
      'videocall',
      'voicemail',
      'screensharing',
    ]) {
      const url = deployment.url('demosPort', `/${plugin}test.html`);
      const answer = await $({ quiet: true })`curl -sk -o /dev/null -w ${'%{http_code}'} ${url}`;
      expect(answer.stdout, plugin).toBe('404');
    }
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

describe('the logs', () => {
  const viewers = async () => (await deployment.status()).gateway?.viewers ?? [];

  it('follow one viewer through web server, Janus and plugin', async () => {
    // Those who have just left may still be there.
    const before = (await viewers()).map(({ id }) => id);
    const { page, context } = await browser.newPage();
    await page.goto(deployment.url('playerPort', '/player/'));
    await connected(page);
    await playFile(page, 'sample.mp4');
    const [followed] = (await viewers()).filter(({ id }) => !before.includes(id));
    const origin = deployment.url('playerPort', '');
    await playsOverTransport({ origin, certificate: '' }, 'sample-2.mp4');
    const read = await deployment.run('logs', '--viewer', String(followed.id));
    expect(read.exitCode, read.stderr).toBe(0);
    expect(read.stdout).toMatch(
      new RegExp(`^\\S+ web +info +\\S+ \\[.*\\] \\[${followed.id}\\] "POST /janus" 200`, 'm'),
    );
    expect(read.stdout).toMatch(
      new RegExp(`^\\S+ gateway +info +Creating new handle in session \\d+: ${followed.id};`, 'm'),
    );
    expect(read.stdout).toContain(`[${followed.id}] The DTLS handshake has been completed`);
    expect(read.stdout).toContain(`[janus.plugin.tms.play] [${followed.id}] asks for 'sample.mp4'`);
    // Everything there is of him, by the session too, and nothing of the other.
    expect(read.stdout).toContain(`Creating new session: ${followed.session};`);
    const all = (await deployment.run('logs')).stdout;
    expect(all).toContain("asks for 'sample-2.mp4'");
    expect(read.stdout).not.toContain('sample-2.mp4');
    for (const line of read.stdout.trim().split('\n')) {
      expect(line).toMatch(new RegExp(`\\b(${followed.id}|${followed.session})\\b`));
    }
    await context.close();
    const nobody = await deployment.run('logs', '--viewer', '4503599627370497');
    expect(nobody.exitCode).toBe(1);
    expect(nobody.stderr).toContain('No service has said anything of viewer 4503599627370497');
  });

  it('go on when a service is started again', async () => {
    const { lines, end } = deployment.start('logs', '--follow');
    try {
      await expect.poll(() => lines.length, { timeout: 20_000 }).toBeGreaterThan(0);
      await $({ quiet: true })`docker restart janus-deploy-${deployment.stack}-web`;
      const seen = async () => {
        await $({
          quiet: true,
          nothrow: true,
        })`curl -sk ${deployment.url('playerPort', '/after-the-restart')}`;
        return lines.some((line) => line.includes('GET /after-the-restart'));
      };
      await expect.poll(seen, { timeout: 20_000, interval: 500 }).toBe(true);
      // Nothing is told twice.
      const made = lines.filter((line) => line.includes('Creating new handle in session'));
      expect(new Set(made).size).toBe(made.length);
    } finally {
      end();
    }
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
