import { enableAutoUnmount, flushPromises, mount, type VueWrapper } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MediaFile, PlayConfig } from '../src/core/config.ts';
import { PlayError } from '../src/core/errors.ts';
import App from '../src/ui/App.vue';
import { FakeGateway } from './support/fake-gateway.ts';

const config: PlayConfig = {
  files: [
    { name: 'film.mp4', kind: 'video' },
    { name: 'damaged.mp4', kind: 'video' },
    { name: 'song.mp3', kind: 'audio' },
  ],
};

let gateway: FakeGateway;
let page: VueWrapper;

const part = (name: string) => page.find(`[data-testid="${name}"]`);
const press = async (name: string) => {
  await part(name).trigger('click');
  await flushPromises();
};
/** Opens the page and waits until it is connected, or is not. */
const open = async (query = '', told = config) => {
  history.replaceState(null, '', `/player/${query}`);
  // There is no sound here to look at.
  const global = { stubs: { SoundLevel: true } };
  page = mount(App, { props: { config: told, gateway }, attachTo: document.body, global });
  await vi.waitFor(() => expect(document.documentElement.dataset.channelState).toMatch(/webrtcUp|failed/));
  await flushPromises();
};

enableAutoUnmount(afterEach);

beforeEach(() => {
  localStorage.clear();
  HTMLMediaElement.prototype.play = async () => {};
  vi.stubGlobal('fetch', async () => new Response('', { status: 404 }));
  gateway = new FakeGateway();
  gateway.files.set('film.mp4', { streams: 2, duration: 75_000_000 });
  gateway.files.set('damaged.mp4', { streams: 2, duration: 75_000_000, reason: 'the video has B-frames' });
  gateway.files.set('song.mp3', { streams: 1, duration: 5_000_000 });
});

describe('the page', () => {
  it('connects, and knows its files', async () => {
    await open();
    expect(part('channel-state').text()).toBe('webrtcUp');
    expect(document.documentElement.dataset).toMatchObject({
      channelState: 'webrtcUp',
      playbackState: 'ready',
    });
    expect(part('file-film.mp4').text()).toContain('1:15');
    expect(part('file-damaged.mp4').text()).toContain('has B-frames');
  });

  it('plays, pauses, resumes and stops', async () => {
    await open();
    await press('file-film.mp4');
    await press('play');
    expect(part('playback-state').text()).toBe('going');
    await press('pause');
    expect(part('playback-state').text()).toBe('paused');
    await press('resume');
    expect(part('playback-state').text()).toBe('going');
    await press('stop');
    expect(part('playback-state').text()).toBe('ready');
    expect(part('play').exists()).toBe(true);
  });

  it('stops when another file is chosen, and plays that', async () => {
    await open();
    await press('file-film.mp4');
    await press('play');
    await press('file-song.mp3');
    expect(part('playback-state').text()).toBe('ready');
    await press('play');
    expect(part('playback-state').text()).toBe('going');
    expect(part('times').text()).toBe('0:00 / 0:05');
  });

  it('plays what is clicked twice, and what plays goes on', async () => {
    await open();
    await press('file-film.mp4');
    await press('play');
    await part('file-song.mp3').trigger('click');
    await part('file-song.mp3').trigger('dblclick');
    await flushPromises();
    expect(part('playback-state').text()).toBe('going');
    expect(document.title).toContain('song.mp3');
    await part('file-song.mp3').trigger('dblclick');
    await flushPromises();
    expect(part('playback-state').text()).toBe('going');
  });

  it('does not play what cannot be played', async () => {
    await open();
    await press('file-damaged.mp4');
    expect(part('probe').text()).toContain('has B-frames');
    await press('play');
    expect(gateway.requests).not.toContain('ctrl.play');
  });

  it('takes a name that is not listed', async () => {
    gateway.files.set('other.wav', { streams: 1, duration: 1_000_000 });
    await open();
    await part('file-name').setValue('other.wav');
    await page.find('form').trigger('submit');
    await flushPromises();
    expect(part('file-other.wav').attributes('aria-pressed')).toBe('true');
    expect(part('probe').text()).toContain('1 stream');
  });

  it('is worked by keys', async () => {
    await open('?file=film.mp4');
    const key = async (name: string) => {
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }));
      await flushPromises();
    };
    await key(' ');
    expect(part('playback-state').text()).toBe('going');
    await key('k');
    expect(part('playback-state').text()).toBe('paused');
    await key('s');
    expect(part('playback-state').text()).toBe('ready');
    await key('m');
    expect(part('mute').attributes('aria-label')).toBe('Unmute');
  });

  it('shows its token to the plugin and to the endpoint of TURN credentials', async () => {
    const fetched = vi.fn(async () => new Response('', { status: 404 }));
    vi.stubGlobal('fetch', fetched);
    await open('?token=signed');
    expect(gateway.session.options.token).toBe('signed');
    expect(fetched.mock.lastCall).toMatchObject([
      expect.stringContaining('/turn-credentials'),
      { headers: { authorization: 'Bearer signed' } },
    ]);
    const probes = gateway.bodies.filter((body) => 'file' in body);
    expect(probes.length).toBeGreaterThan(0);
    for (const body of probes) expect(body).toHaveProperty('token', 'signed');
  });

  it('seeks on its timeline, and repeats', async () => {
    await open('?file=film.mp4&t=30');
    expect(part('times').text()).toBe('0:30 / 1:15');
    await press('play');
    await part('timeline').setValue('60');
    await flushPromises();
    expect(part('times').text()).toBe('1:00 / 1:15');
    await press('loop');
    expect(part('loop').attributes('aria-pressed')).toBe('true');
    expect(gateway.requests).toEqual(expect.arrayContaining(['ctrl.seek', 'ctrl.loop']));
  });

  it('plays all of a kind, says what was passed over, and goes back and forth', async () => {
    gateway.files.set('last.mp4', { streams: 2, duration: 30_000_000 });
    await open();
    await press('play-all-film');
    expect(part('file-film.mp4').attributes('aria-pressed')).toBe('true');
    gateway.session.handle.end();
    await flushPromises();
    expect(part('skipped').text()).toContain('“damaged.mp4” was passed over: the video has B-frames');
    expect(part('file-last.mp4').attributes('aria-pressed')).toBe('true');
    expect(document.title).toContain('last.mp4');
    expect(part('next').attributes('disabled')).toBeDefined();
    await part('skipped').find('button').trigger('click');
    expect(part('skipped').exists()).toBe(false);
    await press('stop');
    expect(part('next').exists()).toBe(false);
  });

  it('plays all of a kind though the first of them cannot be played', async () => {
    const [damaged, film] = [config.files?.[1], config.files?.[0]] as MediaFile[];
    gateway.files.delete('film.mp4');
    gateway.files.set('film.mp4', { streams: 2, duration: 75_000_000 });
    await open('', { files: [damaged, film] });
    await press('play-all-film');
    expect(part('file-film.mp4').attributes('aria-pressed')).toBe('true');
    expect(part('playback-state').text()).toBe('going');
    expect(part('skipped').text()).toContain('“damaged.mp4” was passed over: the video has B-frames');
  });

  it('chooses a film of the server’s list where it was told of none', async () => {
    gateway.files.delete('film.mp4');
    gateway.files.set('a song.mp3', { streams: 1, duration: 5_000_000 });
    gateway.files.set('film.mp4', { streams: 2, duration: 75_000_000 });
    await open('', {});
    expect(part('file-damaged.mp4').attributes('aria-pressed')).toBe('true');
  });

  it('is a stage alone in a frame of another page', async () => {
    await open('?embed&file=film.mp4');
    expect(part('file-film.mp4').exists()).toBe(false);
    expect(page.find('.stage .title').text()).toBe('film.mp4Connected');
    await press('play');
    expect(document.documentElement.dataset.playbackState).toBe('going');
  });

  it('shows statistics when asked for, and remembers that', async () => {
    await open();
    expect(part('stats').exists()).toBe(false);
    await press('statistics');
    expect(part('statistics').attributes('aria-pressed')).toBe('true');
    page.unmount();
    await open();
    expect(part('stats').exists()).toBe(true);
    await press('statistics');
    expect(part('stats').exists()).toBe(false);
  });

  it('asks for captions with its token, and offers their languages by name', async () => {
    const asked: [string, RequestInit | undefined][] = [];
    vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
      asked.push([url, init]);
      return url.endsWith('/film.mp4')
        ? Response.json({ captions: ['en', 'zh-CN'], cover: false })
        : new Response('', { status: 404 });
    });
    await open('?file=film.mp4&token=signed', { ...config, extrasUrl: '/extras/' });
    await press('captions');
    expect(part('captions-zh-CN').text()).toBe('Chinese (China)');
    await press('captions-zh-CN');
    expect(asked).toContainEqual([
      'https://media.example:8443/extras/film.mp4?captions=zh-CN',
      expect.objectContaining({ headers: { authorization: 'Bearer signed' } }),
    ]);
    await press('file-song.mp3');
    expect(part('captions').attributes('disabled')).toBeDefined();
  });

  it('offers the languages of a film by name, and keeps to the one chosen', async () => {
    const languages = ['eng', 'deu'];
    gateway.files.set('film.mp4', { streams: 3, duration: 75_000_000, languages });
    gateway.files.set('damaged.mp4', { streams: 3, duration: 75_000_000, languages });
    await open('?file=film.mp4&lang=zh');
    expect(part('sounds').exists()).toBe(false);
    await press('play');
    await press('sounds');
    expect(part('sounds-0').attributes('aria-checked')).toBe('true');
    expect(part('sounds-1').text()).toBe('德语');
    await press('sounds-1');
    expect(gateway.session.handle.status).toMatchObject({ sound: 1 });
    await press('file-damaged.mp4');
    await press('play');
    expect(gateway.session.handle.status).toMatchObject({ file: 'damaged.mp4', sound: 1 });
    await press('file-song.mp3');
    expect(part('sounds').exists()).toBe(false);
  });

  it('tells sounds in one language apart', async () => {
    gateway.files.set('film.mp4', { streams: 3, duration: 75_000_000, languages: ['eng', 'eng', ''] });
    await open('?file=film.mp4&autoplay=1');
    await press('sounds');
    expect(page.findAll('.menu button').map((choice) => choice.text())).toEqual([
      'English 1',
      'English 2',
      'Sound 3',
    ]);
  });

  it('follows a link to a file', async () => {
    await open('?file=song.mp3&autoplay=1&lang=zh');
    expect(part('playback-state').text()).toBe('going');
    expect(part('file-song.mp3').attributes('aria-pressed')).toBe('true');
    expect(part('pause').attributes('aria-label')).toBe('暂停');
    expect(document.documentElement.lang).toBe('zh-CN');
  });

  it('asks for relays alone when told to', async () => {
    await open('?relay');
    expect(gateway.session.options.iceTransportPolicy).toBe('relay');
  });

  it('leaves no session behind', async () => {
    await open();
    page.unmount();
    await flushPromises();
    expect(gateway.sessions.size).toBe(0);
  });
});

describe('an error', () => {
  it('says what to do, and is tried again', async () => {
    gateway.faults.connect = new PlayError('no-plugin', 'No such plugin (460)');
    await open();
    expect(part('error').text()).toContain('must install janus.plugin.tms.play');
    expect(part('error').text()).toContain('No such plugin (460)');
    gateway.faults.connect = undefined;
    await press('retry');
    expect(part('error').exists()).toBe(false);
    expect(part('channel-state').text()).toBe('webrtcUp');
  });

  it('of a server elsewhere, whose certificate may not be accepted yet, has the link to do so', async () => {
    gateway.faults.connect = new PlayError('unreachable');
    await open('', { VUE_APP_JANUS_HTTP_SERVER: 'https://other.example/janus' });
    expect(part('error').text()).toContain('accept the certificate, and try again');
    expect(part('error').find('a').attributes('href')).toBe('https://other.example/janus/info');
  });

  it('of a browser without H.264 is said when a film is to be played; sound plays', async () => {
    vi.stubGlobal('RTCRtpReceiver', {
      getCapabilities: () => ({ codecs: [{ mimeType: 'video/VP8' }], headerExtensions: [] }),
    });
    await open('?file=film.mp4');
    await press('play');
    expect(part('error').text()).toContain('This browser cannot show H.264');
    await press('file-song.mp3');
    await press('play');
    expect(part('playback-state').text()).toBe('going');
    vi.unstubAllGlobals();
  });

  it('of a file leaves the connection alone', async () => {
    await open('?file=film.mp4');
    gateway.files.delete('film.mp4');
    await press('play');
    expect(part('error').text()).toContain('The server has no file “film.mp4”.');
    expect(part('channel-state').text()).toBe('webrtcUp');
    expect(part('retry').exists()).toBe(false);
  });
});
