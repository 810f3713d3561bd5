/** What the PeerConnection's statistics say, in few words. */
export interface Stats {
  video?: {
    codec: string;
    /** In bits per second, like that of the sound; there from the second reading on. */
    bitrate?: number;
    frameRate?: number;
    frames: number;
    width?: number;
    height?: number;
  };
  audio?: { codec: string; bitrate?: number };
  /** Share of packets lost since the last reading, 0 to 1. */
  loss: number;
  /** Round trip in seconds. */
  roundTrip?: number;
  /** The candidate types that carry the media. */
  path?: { local: string; remote: string; protocol: string };
}

/** Counters as of the last reading; rates are differences. */
export interface Counters {
  at: number;
  bytes: Partial<Record<'video' | 'audio', number>>;
  received: number;
  lost: number;
}

// biome-ignore lint/suspicious/noExplicitAny: entries of an RTCStatsReport are typed by their `type` only
type Entry = any;

/** Statistics from a report and the counters of the one before it. */
export function readStats(report: RTCStatsReport, before?: Counters): { stats: Stats; counters: Counters } {
  const entries: Entry[] = [...report.values()];
  const inbound = entries.filter(
    ({ type, kind }) => type === 'inbound-rtp' && (kind === 'video' || kind === 'audio'),
  );
  const counters: Counters = {
    at: Math.max(0, ...inbound.map(({ timestamp }) => timestamp)),
    bytes: Object.fromEntries(inbound.map(({ kind, bytesReceived = 0 }) => [kind, bytesReceived])),
    received: sum(inbound, 'packetsReceived'),
    lost: sum(inbound, 'packetsLost'),
  };
  const seconds = before ? (counters.at - before.at) / 1000 : 0;
  const bitrate = (kind: 'video' | 'audio') =>
    seconds > 0
      ? Math.max(0, (8 * ((counters.bytes[kind] ?? 0) - (before?.bytes[kind] ?? 0))) / seconds)
      : undefined;
  const codec = ({ codecId }: Entry) => String(report.get(codecId)?.mimeType ?? '').replace(/^.*\//, '');
  const video = inbound.find(({ kind }) => kind === 'video');
  const audio = inbound.find(({ kind }) => kind === 'audio');
  const pair = selectedPair(report, entries);
  const received = counters.received - (before?.received ?? 0);
  const lost = Math.max(0, counters.lost - (before?.lost ?? 0));
  return {
    counters,
    stats: {
      video: video && {
        codec: codec(video),
        bitrate: bitrate('video'),
        frameRate: video.framesPerSecond,
        frames: video.framesDecoded ?? 0,
        width: video.frameWidth,
        height: video.frameHeight,
      },
      audio: audio && { codec: codec(audio), bitrate: bitrate('audio') },
      loss: received + lost > 0 ? lost / (received + lost) : 0,
      roundTrip: pair?.currentRoundTripTime,
      path: pair && {
        local: report.get(pair.localCandidateId)?.candidateType ?? '',
        remote: report.get(pair.remoteCandidateId)?.candidateType ?? '',
        protocol: candidateProtocol(report.get(pair.localCandidateId)),
      },
    },
  };
}

/** Over a relay, what counts is how the relay is reached. */
function candidateProtocol(local: Entry): string {
  return local?.relayProtocol ?? local?.protocol ?? '';
}

/** Firefox marks the pair, others name it in the transport. */
function selectedPair(report: RTCStatsReport, entries: Entry[]): Entry {
  const transport = entries.find(
    ({ type, selectedCandidatePairId }) => type === 'transport' && selectedCandidatePairId,
  );
  if (transport) return report.get(transport.selectedCandidatePairId);
  return entries.find(
    ({ type, selected, nominated }) => type === 'candidate-pair' && (selected || nominated),
  );
}

function sum(entries: Entry[], field: string): number {
  return entries.reduce((total, entry) => total + (entry[field] ?? 0), 0);
}
