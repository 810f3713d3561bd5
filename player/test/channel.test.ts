import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Channel, type ChannelState } from '../src/core/channel.ts';
import { PlayError } from '../src/core/errors.ts';
import { FakeGateway } from './support/fake-gateway.ts';

const server = 'https://media.example/janus';
let gateway: FakeGateway;
let channel: Channel;
let states: ChannelState[];

beforeEach(() => {
  vi.useFakeTimers();
  gateway = new FakeGateway();
  channel = new Channel({ gateway, server });
  states = [];
  channel.on('state', ({ state }) => states.push(state));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('opening', () => {
  it('goes through every state', async () => {
    await channel.open();
    expect(states).toEqual(['connected', 'attached', 'webrtcUp']);
    expect(gateway.requests).toEqual(['request.offer', 'push.answer']);
  });

  it('is one opening however often it is asked for', async () => {
    await Promise.all([channel.open(), channel.open()]);
    await channel.open();
    expect(states).toEqual(['connected', 'attached', 'webrtcUp']);
  });

  it('asks for ICE servers anew each time', async () => {
    const iceServers = vi.fn(async () => [{ urls: 'turn:media.example' }]);
    channel = new Channel({ gateway, server, iceServers });
    await channel.open();
    await channel.close();
    await channel.open();
    expect(iceServers).toHaveBeenCalledTimes(2);
    expect(gateway.session.options.iceServers).toEqual([{ urls: 'turn:media.example' }]);
  });
});

describe('credentials of ICE servers', () => {
  const valid = (seconds: number) => [
    {
      urls: 'turn:media.example',
      username: `${Math.floor(Date.now() / 1000) + seconds}:id`,
      credential: 'x',
    },
  ];
  const setConfiguration = vi.fn();
  const open = async (iceServers: () => Promise<RTCIceServer[]>) => {
    setConfiguration.mockClear();
    channel = new Channel({ gateway, server, iceServers });
    await channel.open();
    gateway.session.handle.peerConnection = {
      getConfiguration: () => ({ iceTransportPolicy: 'all' }),
      setConfiguration,
    } as unknown as RTCPeerConnection;
  };

  it('are replaced before they expire, for as long as the connection lasts', async () => {
    const iceServers = vi.fn(async () => valid(3600));
    await open(iceServers);
    await vi.advanceTimersByTimeAsync(3500_000);
    expect(iceServers).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(50_000);
    expect(setConfiguration.mock.calls).toEqual([
      [{ iceTransportPolicy: 'all', iceServers: await iceServers.mock.results[1].value }],
    ]);
    await vi.advanceTimersByTimeAsync(3600_000);
    expect(setConfiguration).toHaveBeenCalledTimes(2);
    await channel.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are asked for again when there was no answer, at most once a minute', async () => {
    const answers = [valid(-5), [], valid(3600)];
    const iceServers = vi.fn(async () => answers.shift() ?? []);
    await open(iceServers);
    await vi.advanceTimersByTimeAsync(119_000);
    expect(iceServers).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(2000);
    expect(setConfiguration).toHaveBeenCalledTimes(1);
  });

  it('that do not expire are left alone', async () => {
    await open(async () => [{ urls: 'turn:media.example', username: 'viewer', credential: 'x' }]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('attaching', () => {
  it('makes no media, and opening goes on from there', async () => {
    await channel.attach();
    expect(channel.state).toBe('attached');
    expect(gateway.requests).toEqual([]);
    expect(await channel.request({ request: 'ping' })).toEqual({ msg: 'pong' });
    await Promise.all([channel.attach(), channel.open()]);
    expect(states).toEqual(['connected', 'attached', 'webrtcUp']);
  });

  it('fails as opening does, and can be tried again', async () => {
    gateway.faults.attach = new PlayError('no-plugin');
    await expect(channel.attach()).rejects.toMatchObject({ code: 'no-plugin' });
    expect(channel.state).toBe('failed');
    gateway.faults.attach = undefined;
    await channel.open();
    expect(channel.state).toBe('webrtcUp');
  });
});

it('is not up by the word of a connection that has ended', async () => {
  gateway.faults.noMedia = true;
  void channel.open().catch(() => {});
  await vi.advanceTimersByTimeAsync(1000);
  const { events } = gateway.session.handle;
  await channel.close();
  void channel.open().catch(() => {});
  await vi.advanceTimersByTimeAsync(1000);
  events.up();
  await vi.advanceTimersByTimeAsync(1000);
  expect(channel.state).toBe('attached');
});

describe('failing', () => {
  const failure = async () => {
    const opening = channel.open().catch((error: PlayError) => error.code);
    await vi.advanceTimersByTimeAsync(30_000);
    return opening;
  };

  it.each([
    ['create', 'unreachable'],
    ['request.offer', 'no-answer'],
    ['push.answer', 'no-media-path'],
  ])('ends in time when %s stays unanswered', async (request, code) => {
    gateway.faults.silent = [request];
    expect(await failure()).toBe(code);
    expect(channel.state).toBe('failed');
    expect(gateway.sessions.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends in time when media finds no way', async () => {
    gateway.faults.noMedia = true;
    expect(await failure()).toBe('no-media-path');
    expect(gateway.sessions.size).toBe(0);
  });

  it('says what the gateway said', async () => {
    gateway.faults.attach = new PlayError('no-plugin');
    expect(await failure()).toBe('no-plugin');
    expect(states).toEqual(['connected', 'failed']);
  });

  it('notices a lost session, and opens again', async () => {
    await channel.open();
    gateway.session.options.onLost(new PlayError('lost'));
    expect(channel.state).toBe('failed');
    await channel.open();
    expect(states).toEqual([
      'connected',
      'attached',
      'webrtcUp',
      'failed',
      'initialized',
      'connected',
      'attached',
      'webrtcUp',
    ]);
  });

  it('notices lost media', async () => {
    await channel.open();
    gateway.session.handle.events.down('ICE failed');
    expect(channel.state).toBe('failed');
    expect(channel.signal.reason).toMatchObject({ code: 'lost', detail: 'ICE failed' });
  });
});

describe('requests', () => {
  it('are refused before there is anybody to ask', async () => {
    await expect(channel.request({ request: 'ping' })).rejects.toMatchObject({ code: 'wrong-state' });
  });

  it('are answered', async () => {
    await channel.open();
    expect(await channel.request({ request: 'ping' })).toEqual({ msg: 'pong' });
  });
});

describe('closing', () => {
  it('settles whoever waits', async () => {
    gateway.faults.noMedia = true;
    const opening = channel.open().catch((error: PlayError) => error.code);
    await vi.advanceTimersByTimeAsync(1000);
    await channel.close();
    expect(await opening).toBe('closed');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('makes no session once closed', async () => {
    const closing = () => channel.close().then(() => []);
    channel = new Channel({ gateway, server, iceServers: closing });
    await expect(channel.open()).rejects.toMatchObject({ code: 'closed' });
    await vi.advanceTimersByTimeAsync(1);
    expect(gateway.sessions.size).toBe(0);
  });

  it('leaves no session, no timer, no listener', async () => {
    await channel.open();
    await channel.dispose();
    expect(channel.state).toBe('closed');
    expect(gateway.sessions.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(states).toEqual(['connected', 'attached', 'webrtcUp', 'closed']);
  });

  it('can be repeated, and opened after', async () => {
    await channel.open();
    await channel.close();
    await channel.close();
    await channel.open();
    expect(channel.state).toBe('webrtcUp');
  });
});

describe('media', () => {
  it('comes as one stream', async () => {
    vi.stubGlobal(
      'MediaStream',
      class extends Set<MediaStreamTrack> {
        addTrack = this.add;
      },
    );
    const streams: (MediaStream | undefined)[] = [];
    channel.on('stream', (stream) => streams.push(stream));
    await channel.open();
    const { events } = gateway.session.handle;
    for (const id of ['audio', 'video']) events.track({ id } as MediaStreamTrack, true);
    expect(streams).toEqual([channel.stream]);
    expect(channel.stream).toHaveProperty('size', 2);
    await channel.close();
    expect(streams.at(-1)).toBeUndefined();
  });
});
