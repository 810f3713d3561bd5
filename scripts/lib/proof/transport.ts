/** Where there is no browser: the film's packets are received, and counted. */
import { RTCPeerConnection, useH264, useOPUS } from 'werift';
import { playPlugin } from '../../../infra/plan/container.ts';
import type { PlaybackAttempt, PlaybackFacts } from '../doctor/playback.ts';
import { type Description, JanusSession } from '../janus-session.ts';
import { askIceServers } from '../relays.ts';
import { type Scene, seconds } from './scene.ts';

/** ms in which media has to find its way, and the first of it to arrive. */
const patience = 15_000;

interface Count {
  packets: number;
  /** Sequence numbers from the first to the last, beyond 16 bit. */
  first: number;
  last: number;
}

export async function playOverTransport(scene: Scene, file: string): Promise<PlaybackAttempt> {
  const { origin, token } = scene;
  // Who reaches the gateway directly needs none.
  const servers = await askIceServers(origin, token).catch(() => []);
  const connection = new RTCPeerConnection({
    codecs: { video: [useH264()], audio: [useOPUS()] },
    iceServers: servers.flatMap(({ urls, ...credential }) =>
      urls.map((url) => ({ urls: url, ...credential })),
    ),
  });
  const counts: Record<string, Count> = {};
  const flowing = Promise.withResolvers<void>();
  connection.onTrack.subscribe((track) => {
    track.onReceiveRtp.subscribe(({ header: { sequenceNumber } }) => {
      flowing.resolve();
      count(counts, track.kind, sequenceNumber);
    });
  });
  try {
    await using session = await JanusSession.attach(`${origin}/janus`, playPlugin, token);
    await session.send({ request: 'request.offer' });
    const offered = await session.next(({ jsep }) => jsep !== undefined, 'an offer');
    await connection.setRemoteDescription(offered.jsep as Description);
    await connection.setLocalDescription(await connection.createAnswer());
    const { type, sdp } = connection.localDescription as Description;
    await session.send({ request: 'push.answer' }, { type, sdp });
    await session.next(({ janus }) => janus === 'webrtcup', 'word that media can flow', patience);
    await session.send({ request: 'ctrl.play', file });
    await within(flowing.promise, `no packet of it arrived within ${patience / 1000} s`);
    for (const kind of Object.keys(counts)) delete counts[kind];
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    return {
      receiver: 'transport',
      file,
      seconds,
      video: received(counts.video),
      audio: received(counts.audio),
      pair: usedPair(connection),
    };
  } catch (error) {
    return {
      failed: `${file} does not play: ${(error as Error).message}`,
      remedy:
        'open the media ports (UDP) and TURN’s in the firewall; `npm run logs` says what the gateway did',
    };
  } finally {
    await connection.close();
  }
}

async function within<T>(promise: Promise<T>, otherwise: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const limit = setTimeout(() => late.reject(new Error(otherwise)), patience);
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(limit));
}

function count(counts: Record<string, Count>, kind: string, sequenceNumber: number): void {
  const before = counts[kind];
  if (before === undefined) {
    counts[kind] = { packets: 1, first: sequenceNumber, last: sequenceNumber };
    return;
  }
  before.packets++;
  // The 16 bits go on from 65535 to 0; a packet may be late.
  const step = ((sequenceNumber - before.last + 0x8000) & 0xffff) - 0x8000;
  if (step > 0) before.last += step;
}

const received = (counted: Count | undefined): PlaybackFacts['video'] =>
  counted && {
    packets: counted.packets,
    lost: Math.max(0, counted.last - counted.first + 1 - counted.packets),
  };

function usedPair(connection: RTCPeerConnection): PlaybackFacts['pair'] {
  const pair = connection.iceTransports[0]?.connection.nominated;
  if (!pair) return undefined;
  const { type: local, transport } = pair.protocol.localCandidate ?? { type: 'host', transport: 'udp' };
  const { type: remote, host } = pair.remoteCandidate;
  return { local, remote, remoteAddress: host, protocol: transport };
}
