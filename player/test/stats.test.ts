import { expect, it } from 'vitest';
import { readStats } from '../src/core/stats.ts';

const report = (entries: object[]): RTCStatsReport =>
  new Map(entries.map((entry) => [(entry as { id: string }).id, entry])) as never;

const at = (timestamp: number, bytes: number, packetsReceived: number, packetsLost: number) =>
  report([
    { id: 'c1', type: 'codec', mimeType: 'video/H264' },
    { id: 'c2', type: 'codec', mimeType: 'audio/opus' },
    {
      id: 'v',
      type: 'inbound-rtp',
      kind: 'video',
      codecId: 'c1',
      timestamp,
      bytesReceived: bytes,
      packetsReceived,
      packetsLost,
      framesPerSecond: 25,
      framesDecoded: 50,
      frameWidth: 640,
      frameHeight: 360,
    },
    { id: 'a', type: 'inbound-rtp', kind: 'audio', codecId: 'c2', timestamp, bytesReceived: bytes / 10 },
    { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
    { id: 'other', type: 'candidate-pair', nominated: true, localCandidateId: 'x', remoteCandidateId: 'x' },
    {
      id: 'p',
      type: 'candidate-pair',
      localCandidateId: 'l',
      remoteCandidateId: 'r',
      currentRoundTripTime: 0.02,
    },
    { id: 'l', type: 'local-candidate', candidateType: 'relay', protocol: 'udp', relayProtocol: 'tls' },
    { id: 'r', type: 'remote-candidate', candidateType: 'host' },
  ]);

it('takes rates from two readings', () => {
  const { counters, stats: first } = readStats(at(1000, 10_000, 100, 0));
  expect(first.video?.bitrate).toBeUndefined();
  const { stats } = readStats(at(3000, 260_000, 190, 10), counters);
  expect(stats).toEqual({
    video: { codec: 'H264', bitrate: 1_000_000, frameRate: 25, frames: 50, width: 640, height: 360 },
    audio: { codec: 'opus', bitrate: 100_000 },
    loss: 0.1,
    roundTrip: 0.02,
    path: { local: 'relay', remote: 'host', protocol: 'tls' },
  });
});

it('says nothing of what is not there', () => {
  expect(readStats(report([])).stats).toEqual({
    video: undefined,
    audio: undefined,
    loss: 0,
    roundTrip: undefined,
    path: undefined,
  });
});
