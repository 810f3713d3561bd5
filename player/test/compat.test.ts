/** The old package's names do over the new core what they did. */
import { flushPromises, mount } from '@vue/test-utils';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TmsJanusAudio, TmsJanusMp4, TmsJanusPlay } from '../src/compat/index.ts';
import { PlayError } from '../src/core/errors.ts';
import JanusPlayer from '../src/vue/JanusPlayer.vue';
import { FakeGateway } from './support/fake-gateway.ts';

const server = 'https://media.example/janus';
let gateway: FakeGateway;
let play: TmsJanusPlay;
const webrtc = vi.fn();

beforeEach(() => {
  vi.stubGlobal('fetch', async () => new Response('', { status: 404 }));
  gateway = new FakeGateway();
  gateway.files.set('film.mp4', { streams: 2, duration: 75_000_000 });
  webrtc.mockClear();
  play = new TmsJanusPlay({ gateway, onwebrtcstate: webrtc });
});
afterEach(async () => {
  await play.closeConn();
  vi.unstubAllGlobals();
});

/** The getters that buttons of old pages are enabled by. */
const enabled = () =>
  (
    [
      'isConnEnable',
      'isProbeEnable',
      'isCreateWebrtcEnable',
      'isWebrtcUp',
      'isControlEnable',
      'isStopEnable',
    ] as const
  ).filter((name) => play[name]);

it('goes its old way, from connecting to the end', async () => {
  expect(enabled()).toEqual(['isConnEnable']);
  const connecting = play.connect(server);
  expect(enabled()).toEqual([]);
  await connecting;
  expect(play.channelState).toMatchObject({ initialized: true, connected: true, attached: true });
  expect(enabled()).toEqual(['isProbeEnable', 'isCreateWebrtcEnable']);
  expect(gateway.requests).not.toContain('request.offer');

  await play.probe('film.mp4');
  expect(play.playState).toMatchObject({ file: 'film.mp4', duration: 75_000_000, state: 'ready' });

  await play.createWebrtc();
  expect(webrtc).toHaveBeenLastCalledWith('onWebrtcUp');
  expect(enabled()).toEqual(['isProbeEnable', 'isWebrtcUp', 'isControlEnable']);

  await play.control();
  expect(play.playState.state).toBe('going');
  expect(play.isStopEnable).toBe(true);
  await play.control();
  expect(play.playState.state).toBe('paused');
  await play.control();
  expect(play.playState.state).toBe('going');
  await play.stop();
  expect(play.playState.state).toBe('ready');

  await play.hangupWebrtc();
  expect(webrtc).toHaveBeenLastCalledWith('onHangup');
  expect(enabled()).toEqual(['isProbeEnable', 'isCreateWebrtcEnable']);
  expect(gateway.sessions.size).toBe(1);

  expect(await play.closeConn()).toBe(true);
  expect(await play.closeConn()).toBe(false);
  expect(enabled()).toEqual(['isConnEnable']);
  expect(gateway.sessions.size).toBe(0);
});

it('keeps its state in a component’s data', async () => {
  const page = mount({
    data: () => ({ play }),
    template: '<button :disabled="!play.isProbeEnable">{{ play.playState.state }}</button>',
  });
  await play.connect(server);
  await play.createWebrtc();
  await play.probe('film.mp4');
  await play.control();
  await flushPromises();
  expect(page.html()).toBe('<button>going</button>');
});

it('says why it could not', async () => {
  await expect(play.control()).rejects.toMatchObject({ code: 'wrong-state' });
  gateway.faults.attach = new PlayError('no-plugin');
  await expect(play.connect(server)).rejects.toMatchObject({ code: 'no-plugin' });
  expect(enabled()).toEqual(['isConnEnable']);
});

it.each([TmsJanusMp4, TmsJanusAudio])('%o hands server and file on', (component) => {
  const page = mount(component, {
    props: { server, file: 'film.mp4' },
    global: { stubs: { JanusPlayer: true } },
  });
  expect(page.getComponent(JanusPlayer).props()).toMatchObject({ server, file: 'film.mp4' });
});
