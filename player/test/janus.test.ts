import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PlayError } from '../src/core/errors.ts';
import type { HandleEvents, Session } from '../src/core/gateway.ts';
import { acceptStereo, janusGateway } from '../src/core/janus.ts';

type Reply = object | 'unreachable' | 'silent' | number;

/** Janus's REST API, as far as a request's name decides the reply. */
const replies: Record<string, Reply> = {};
const requests: string[] = [];
/** Requests that have no answer yet. */
const pending = new Set<string>();

function fakeFetch(url: string, { method, body, signal }: RequestInit): Promise<Response> {
  const name = method === 'GET' ? 'poll' : JSON.parse(String(body)).janus;
  requests.push(name);
  const reply = replies[name];
  if (reply === 'unreachable') return Promise.reject(new TypeError('Failed to fetch'));
  if (typeof reply === 'number') return Promise.resolve(new Response('', { status: reply }));
  if (reply !== 'silent') return Promise.resolve(Response.json(reply));
  pending.add(`${name} ${url.replace(/\?.*/, '')}`);
  return new Promise((_, reject) =>
    signal?.addEventListener('abort', () => {
      pending.clear();
      reject(signal.reason);
    }),
  );
}

const lost: PlayError[] = [];
const noEvents = {} as HandleEvents;

function connect(signal = new AbortController().signal): Promise<Session> {
  return janusGateway.connect({
    server: 'https://media.example/janus',
    iceServers: [],
    iceTransportPolicy: 'all',
    signal,
    onLost: (error) => lost.push(error),
  });
}

beforeEach(() => {
  vi.stubGlobal('RTCPeerConnection', class {});
  vi.stubGlobal('fetch', fakeFetch);
  lost.length = requests.length = 0;
  pending.clear();
  Object.assign(replies, {
    create: { janus: 'success', data: { id: 11 } },
    attach: { janus: 'success', data: { id: 22 } },
    claim: { janus: 'success', session_id: 11 },
    destroy: { janus: 'success' },
    poll: 'silent',
  });
});

afterEach(() => vi.unstubAllGlobals());

describe('a session', () => {
  it('polls while it lives, and leaves no request behind', async () => {
    const session = await connect();
    expect([...pending]).toEqual(['poll https://media.example/janus/11']);
    await session.destroy();
    expect([...pending]).toEqual([]);
    expect(lost).toEqual([]);
  });

  it('is given up when the signal aborts', async () => {
    replies.create = 'silent';
    const life = new AbortController();
    void connect(life.signal);
    await vi.waitFor(() => expect(pending.size).toBe(1));
    life.abort();
    expect(pending.size).toBe(0);
  });

  it.each<[string, Reply, string]>([
    ['the server is gone', 'unreachable', 'lost'],
    ['the gateway behind the web server is gone', 502, 'lost'],
    ['the session expired', { janus: 'timeout', session_id: 11 }, 'lost'],
    [
      'the session is not known any more',
      { janus: 'error', error: { code: 458, reason: 'No such session' } },
      'lost',
    ],
  ])('is lost when %s', async (_, poll, code) => {
    vi.useFakeTimers();
    replies.poll = poll;
    await connect();
    await vi.advanceTimersByTimeAsync(25_000);
    vi.useRealTimers();
    expect(lost.map((error) => error.code)).toEqual([code]);
  });

  it('is lost at once when a gateway that was started anew does not know it', async () => {
    vi.useFakeTimers();
    replies.poll = 404;
    await connect();
    await vi.advanceTimersByTimeAsync(1);
    vi.useRealTimers();
    expect(lost.map((error) => error.code)).toEqual(['lost']);
  });

  it('is claimed at once after a trouble of the network, and polled again', async () => {
    vi.useFakeTimers();
    replies.poll = 'unreachable';
    await connect();
    replies.poll = 'silent';
    await vi.advanceTimersByTimeAsync(1);
    expect(requests).toEqual(['create', 'poll', 'claim']);
    await vi.advanceTimersByTimeAsync(500);
    vi.useRealTimers();
    expect(requests).toEqual(['create', 'poll', 'claim', 'poll']);
    expect(lost).toEqual([]);
  });
});

describe('an error', () => {
  it.each<[string, Reply, string, string]>([
    ['create', 'unreachable', 'unreachable', 'Failed to fetch'],
    ['create', 502, 'unreachable', 'HTTP status 502'],
    [
      'create',
      { janus: 'error', error: { code: 403, reason: 'Unauthorized' } },
      'not-allowed',
      'Unauthorized (403)',
    ],
    ['attach', { janus: 'error', error: { code: 460, reason: 'No plugin' } }, 'no-plugin', 'No plugin (460)'],
    ['attach', { janus: 'error', error: { code: 490, reason: 'Odd' } }, 'refused', 'Odd (490)'],
  ])('of %s %j is %s', async (request, reply, code, detail) => {
    replies[request] = reply;
    const opening = connect().then((session) => session.attach('janus.plugin.tms.play', noEvents));
    await expect(opening).rejects.toMatchObject({ code, detail });
  });

  it('of a browser without WebRTC', async () => {
    vi.stubGlobal('RTCPeerConnection', undefined);
    await expect(connect()).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('a message', () => {
  const send = async (reply: Reply) => {
    replies.message = reply;
    const handle = await (await connect()).attach('janus.plugin.tms.play', noEvents);
    return handle.send({ request: 'any' });
  };

  it('is answered at once', async () => {
    const plugindata = { plugin: 'janus.plugin.tms.play', data: { msg: 'pong' } };
    expect(await send({ janus: 'success', plugindata })).toEqual({ msg: 'pong' });
  });

  it('is answered later', async () => expect(await send({ janus: 'ack' })).toBeUndefined());

  it('is refused', async () => {
    const reply = send({ janus: 'error', error: { code: 462, reason: 'WebRTC is not up' } });
    await expect(reply).rejects.toMatchObject({ code: 'refused', detail: 'WebRTC is not up (462)' });
  });
});

describe('stereo', () => {
  const sdp = (format: string) =>
    `a=rtpmap:111 opus/48000/2\r\n${format}\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 x=1\r\n`;

  it('is asked for', () => {
    expect(acceptStereo(sdp('a=fmtp:111 minptime=10'))).toBe(sdp('a=fmtp:111 stereo=1;minptime=10'));
  });

  it('is asked for once', () => {
    const asked = sdp('a=fmtp:111 minptime=10;stereo=1');
    expect(acceptStereo(asked)).toBe(asked);
  });

  it('is not asked of other codecs', () => {
    expect(acceptStereo('a=rtpmap:8 PCMA/8000\r\na=fmtp:8 x=1\r\n')).toBe(
      'a=rtpmap:8 PCMA/8000\r\na=fmtp:8 x=1\r\n',
    );
  });
});
