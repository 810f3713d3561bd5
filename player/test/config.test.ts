import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  fetchIceServers,
  iceServersUrl,
  mediaFiles,
  type PlayConfig,
  serverUrl,
} from '../src/core/config.ts';

const https = new URL('https://media.example:8443/player/');
const http = new URL('http://media.example/player/');

describe('the server', () => {
  it.each<[PlayConfig, URL, string]>([
    [{}, https, 'https://media.example:8443/janus'],
    [{}, http, 'http://media.example/janus'],
    [{ VUE_APP_JANUS_ADDRESS: '' }, https, 'https://media.example:8443/janus'],
    [{ VUE_APP_JANUS_ADDRESS: '192.0.2.7' }, https, 'https://192.0.2.7:8089/janus'],
    [{ VUE_APP_JANUS_ADDRESS: '192.0.2.7' }, http, 'http://192.0.2.7:8088/janus'],
    [{ VUE_APP_JANUS_ADDRESS: '2001:db8::7' }, https, 'https://[2001:db8::7]:8089/janus'],
    [{ VUE_APP_JANUS_HTTPS_PORT: '9089' }, https, 'https://media.example:9089/janus'],
    [{ VUE_APP_JANUS_HTTP_PORT: 9088 }, http, 'http://media.example:9088/janus'],
    [{ VUE_APP_JANUS_HTTP_PORT: 9088 }, https, 'https://media.example:8089/janus'],
    [{ VUE_APP_JANUS_HTTP_SERVER: 'https://other.example/janus/' }, https, 'https://other.example/janus'],
    [
      { VUE_APP_JANUS_HTTP_SERVER: 'http://other.example:1/j', VUE_APP_JANUS_ADDRESS: 'x' },
      http,
      'http://other.example:1/j',
    ],
  ])('%j on %s is %s', (config, page, url) => expect(serverUrl(config, page)).toBe(url));
});

describe('ICE servers', () => {
  const answer = {
    iceServers: [{ urls: ['turn:media.example:3478'], username: 'u', credential: 'c' }],
    ttl: 3600,
  };
  const signal = new AbortController().signal;
  const url = iceServersUrl({}, https);

  afterEach(() => vi.unstubAllGlobals());

  it('are asked for at the page’s origin', () =>
    expect(url).toBe('https://media.example:8443/turn-credentials'));

  it.each<[string, () => Promise<Response>, RTCIceServer[]]>([
    ['given', async () => Response.json(answer), answer.iceServers],
    ['not offered', async () => new Response('', { status: 404 }), []],
    ['nonsense', async () => new Response('<html>'), []],
    ['out of reach', async () => Promise.reject(new TypeError('fetch failed')), []],
  ])('%s', async (_, reply, servers) => {
    vi.stubGlobal('fetch', reply);
    expect(await fetchIceServers(url, signal)).toEqual(servers);
  });

  it('are asked for again when the network breaks the request off', async () => {
    const servers = [{ urls: 'turn:media.example' }];
    const answers = [
      Promise.reject(new TypeError('Failed to fetch')),
      Response.json({ iceServers: servers }),
    ];
    vi.stubGlobal('fetch', async () => answers.shift());
    expect(await fetchIceServers(url, signal)).toEqual(servers);
  });

  it('are done without when the answer does not come', async () => {
    vi.stubGlobal('fetch', (_: string, { signal }: RequestInit) => {
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    });
    expect(await fetchIceServers(url, signal, { ms: 10 })).toEqual([]);
  });
});

it('lists files that have a name', () => {
  const files = [{ name: 'a.mp4', kind: 'video' }, { name: '' }, null, 'b'] as never;
  expect(mediaFiles({ files })).toEqual([{ name: 'a.mp4', kind: 'video' }]);
  expect(mediaFiles({})).toEqual([]);
});
