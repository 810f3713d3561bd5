/** Where there is no browser: the film's packets are received, and counted. */
import { setTimeout } from 'node:timers/promises';
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
  /** Times of the file that packets were of: pictures, or pieces of sound. */
  timestamps: Set<number>;
}

type Counts = Partial<Record<string, Count>>;

export async function playOverTransport(scene: Scene, file: string): Promise<PlaybackAttempt> {
  try {
    return await receive(scene, file, async (counts, connection) => {
      for (const kind of Object.keys(counts)) delete counts[kind];
      await setTimeout(seconds * 1000);
      return {
        receiver: 'transport',
        file,
        seconds,
        video: received(counts.video),
        audio: received(counts.audio),
        pair: usedPair(connection),
      };
    });
  } catch (error) {
    return {
      failed: `${file} does not play: ${(error as Error).message}`,
      remedy:
        'open the media ports (UDP) and TURN’s in the firewall; `npm run logs` says what the gateway did',
    };
  }
}

/** Pictures, or pieces of sound, of a play that goes on. */
const going = 10;

/**
 * Plays a file until it is seen to go on.
 * @throws Error that says what did not come
 */
export async function playsOverTransport(scene: Scene, file: string): Promise<void> {
  await receive(scene, file, async (counts) => {
    const goesOn = () => Object.values(counts).some((counted) => (counted?.timestamps.size ?? 0) >= going);
    for (const deadline = Date.now() + patience; !goesOn(); await setTimeout(20)) {
      if (Date.now() > deadline) throw new Error(`it did not go on within ${patience / 1000} s`);
    }
  });
}

/** Plays a file, and does `watch` from its first packet on. */
async function receive<T>(
  { origin, token }: Scene,
  file: string,
  watch: (counts: Counts, connection: RTCPeerConnection) => Promise<T>,
): Promise<T> {
  // Who reaches the gateway directly needs none.
  const servers = await askIceServers(origin, token).catch(() => []);
  const connection = new RTCPeerConnection({
    codecs: { video: [useH264()], audio: [useOPUS()] },
    iceServers: servers.flatMap(({ urls, ...credential }) =>
      urls.map((url) => ({ urls: url, ...credential })),
    ),
  });
  const counts: Counts = {};
  const flowing = Promise.withResolvers<void>();
  connection.onTrack.subscribe((track) => {
    track.onReceiveRtp.subscribe(({ header }) => {
      flowing.resolve();
      count(counts, track.kind, header);
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
    return await watch(counts, connection);
  } finally {
    await connection.close();
  }
}

async function within<T>(promise: Promise<T>, otherwise: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const limit = globalThis.setTimeout(() => late.reject(new Error(otherwise)), patience);
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(limit));
}

function count(
  counts: Counts,
  kind: string,
  { sequenceNumber, timestamp }: { sequenceNumber: number; timestamp: number },
): void {
  const before = counts[kind];
  if (before === undefined) {
    counts[kind] = {
      packets: 1,
      first: sequenceNumber,
      last: sequenceNumber,
      timestamps: new Set([timestamp]),
    };
    return;
  }
  before.packets++;
  before.timestamps.add(timestamp);
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
