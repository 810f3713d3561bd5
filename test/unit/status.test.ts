/** What `npm run status` makes of what engine and gateway say. */
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { usageOf } from '../../scripts/lib/containers.ts';
import type { Status } from '../../scripts/lib/status.ts';
import { duration, position, statusText } from '../../scripts/lib/status-text.ts';
import { type Viewer, viewerOf } from '../../scripts/lib/viewers.ts';

const playing = {
  plugin: 'janus.plugin.tms.play',
  session_id: 1,
  handle_id: 2,
  plugin_specific: {
    state: 'going',
    loop: true,
    file: 'film.mp4',
    position: 5192,
    duration: 24_000,
    rendition: 480,
    remb: 900_000,
  },
};
const pair = '192.0.2.2:16264 [host,udp] <-> 192.0.2.9:35745 [prflx,udp]';
const viewer: Viewer = {
  id: 2,
  session: 1,
  state: 'going',
  file: 'film.mp4',
  position: 5192,
  duration: 24_000,
  rendition: 480,
  room: 900_000,
  bitrate: 736_000,
  lost: 5,
  roundTrip: 30,
  path: pair,
};

it('reads a viewer of Janus 0.9.1', () => {
  const streams = [
    {
      rtcp_stats: {
        audio: { rtt: 0, lost: 0, 'lost-by-remote': 2 },
        video: { rtt: 30, lost: 0, 'lost-by-remote': 3 },
      },
      components: [
        {
          'selected-pair': pair,
          in_stats: { audio_bytes_lastsec: 7 },
          out_stats: { audio_bytes_lastsec: 17_000, video_bytes_lastsec: 75_000 },
        },
      ],
    },
  ];
  expect(viewerOf({ janus: 'success', info: { ...playing, streams } })).toEqual(viewer);
});

it('reads a viewer of Janus 1.1.2', () => {
  const medium = (bytes: number, lost: number, rtt: number) => ({
    rtcp: { main: { rtt, lost: 0, 'lost-by-remote': lost } },
    stats: { in: { bytes_lastsec: 7 }, out: { bytes_lastsec: bytes } },
  });
  const webrtc = {
    ice: { 'selected-pair': pair },
    media: { 0: medium(17_000, 2, 30), 1: medium(75_000, 3, 10) },
  };
  expect(viewerOf({ janus: 'success', info: { ...playing, webrtc } })).toEqual(viewer);
});

it('reads a viewer who is not connected, and leaves out other plugins and handles that have ended', () => {
  const info = { ...playing, plugin_specific: { state: 'ready', remb: null } };
  expect(viewerOf({ janus: 'success', info })).toEqual({ id: 2, session: 1, state: 'ready' });
  expect(viewerOf({ janus: 'success', info: { ...playing, plugin: 'janus.plugin.echotest' } })).toBe(
    undefined,
  );
  expect(viewerOf({ janus: 'error', error: { code: 459 } })).toBe(undefined);
});

it('reads what a container takes', () => {
  const line = { Name: 'janus-deploy-dev-web', CPUPerc: '1.28%', MemUsage: '8.5MiB / 1GiB' };
  expect(usageOf('janus-deploy-dev', line)).toEqual([
    'web',
    { processor: 1.28, memory: 8.5 * 2 ** 20, memoryLimit: 2 ** 30 },
  ]);
});

it.each([
  [5_000, '5 s', '0:05'],
  [65_000, '1 min', '1:05'],
  [3_725_000, '1 h 2 min', '1:02:05'],
  [90_000_000, '1 d 1 h', '25:00:00'],
])('writes %i ms', (milliseconds, long, short) => {
  expect(duration(milliseconds)).toBe(long);
  expect(position(milliseconds)).toBe(short);
});

it('shows all of it', () => {
  const status: Status = {
    stack: 'dev',
    deployment: {
      player: 'https://192.0.2.2:8443/player/',
      janus: '0.9.1',
      substitutions: ['The certificate is generated'],
      gatewayBuild: { plugins: { play: 'fedcba9876543210' }, recipe: '', sanitized: true },
      last: { kind: 'update', endTime: '2026-01-02T00:00:00Z', result: 'succeeded' },
    },
    services: [
      { service: 'turn', state: 'missing', health: '' },
      {
        service: 'gateway',
        state: 'running',
        health: 'healthy',
        started: '2026-01-02T00:00:00Z',
        image: { name: 'janus-deploy/gateway:0123456789abcdef', built: '2026-01-01T00:00:00Z' },
        usage: { processor: 1.28, memory: 8.5 * 2 ** 20, memoryLimit: 2 ** 30 },
      },
    ],
    gateway: {
      version: '0.9.1',
      compiled: '',
      plugins: { 'janus.plugin.tms.play': '0.1.0' },
      acceptsSessions: true,
      sessions: 2,
      viewers: [viewer, { id: 3, session: 1, state: 'ready' }],
    },
    certificate: { names: ['media.example.org'], ends: '2026-02-02T00:00:00Z', daysLeft: 31 },
  };
  const text = statusText(status, Date.parse('2026-01-02T01:00:00Z'));
  expect(stripVTControlCharacters(text)).toMatchInlineSnapshot(`
    "Stack dev  https://192.0.2.2:8443/player/
      last update succeeded, 1 h 0 min ago

      service  state    for        processor  memory         image                     built
      turn     missing  –          –          –              –                         –
      gateway  healthy  1 h 0 min  1.3 %      9 of 1024 MiB  gateway:0123456789abcdef  1 d 1 h ago

      Janus 0.9.1, tms.play 0.1.0
      Plugins for Janus 0.9.1, built 1 d 1 h ago, with sanitizers: play of source fedcba9876543210

      Certificate for media.example.org, 31 days left

      2 sessions, 2 viewers
      viewer  file                  state  position      bitrate     lost  round trip  address
      2       film.mp4 (480 lines)  going  0:05 of 0:24  736 kbit/s  5     30 ms       192.0.2.9:35745 [prflx,udp]
      3       –                     ready  –             –           –     –           not connected

      Note: The certificate is generated."
  `);
});
