/** Whether a film plays: the proof that counts. Pure. */
import { about, type Finding } from './finding.ts';

/** What was received in some seconds of a film. */
export interface PlaybackFacts {
  /** `browser` decodes; `transport` counts packets alone. */
  receiver: 'browser' | 'transport';
  file: string;
  seconds: number;
  video?: { packets: number; lost: number; frames?: number };
  /** Energy of what was heard, more than 0 unless it was silent; of a browser. */
  audio?: { packets: number; lost: number; energy?: number };
  /** Types of the candidates, and how the media travels. */
  pair?: { local: string; remote: string; remoteAddress: string; protocol: string };
}

/** Why nothing was played: the sentence of what failed, and what may help. */
export type PlaybackAttempt = PlaybackFacts | { failed: string; remedy: string } | { nothing: string };

const { ok, unknown, warning, error } = about('playback');

/** Share of lost packets that viewers begin to see, and that spoils a film. */
const visibleLoss = 0.01;
const ruinousLoss = 0.05;

/** Frames per second below which a film is a row of pictures. */
const fewFrames = 10;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export function playbackFindings(attempt: PlaybackAttempt): Finding[] {
  if ('nothing' in attempt) {
    return [
      error({
        what: attempt.nothing,
        why: 'viewers find nothing to play',
        remedy:
          'put films into the media folder, or run `npm run media -- sample`; `npm run media -- check FILE` says why one cannot be played',
      }),
    ];
  }
  if ('failed' in attempt) {
    return [error({ what: attempt.failed, why: 'viewers see nothing', remedy: attempt.remedy })];
  }
  const { receiver, file, seconds, video, audio, pair } = attempt;
  const received = (video?.packets ?? 0) + (audio?.packets ?? 0);
  const lost = (video?.lost ?? 0) + (audio?.lost ?? 0);
  if (received === 0) {
    return [
      error({
        what: `No packet of ${file} arrived in ${seconds} s`,
        why: 'viewers see nothing',
        remedy: 'open the media ports (UDP) in the firewall; `npm run logs` says what the gateway did',
      }),
    ];
  }
  return [
    ...(receiver === 'browser'
      ? seen(attempt)
      : [
          ok(
            `${file}: ${video?.packets ?? 0} packets of picture and ${audio?.packets ?? 0} of sound in ${seconds} s`,
          ),
          unknown(
            'No Chromium is at hand to look and listen with: packets were counted, not pictures; install one, or set CHROMIUM',
          ),
        ]),
    lossFinding(lost, received + lost),
    ...(pair ? [pairFinding(pair)] : []),
  ];
}

function seen({ file, seconds, video, audio }: PlaybackFacts): Finding[] {
  const frames = video?.frames ?? 0;
  const picture = !video
    ? []
    : frames / seconds < fewFrames
      ? [
          error({
            what: `${file} showed ${frames} frames in ${seconds} s`,
            why: 'that is no film',
            remedy:
              'see whether the machine is busy (`docker stats`) and what the gateway says (`npm run logs`)',
          }),
        ]
      : [ok(`${file} plays in a browser: ${frames} frames in ${seconds} s`)];
  const sound = !audio
    ? []
    : (audio.energy ?? 0) > 0
      ? [ok('Its sound is heard')]
      : [
          warning({
            what: `${file} was silent for ${seconds} s`,
            why: 'viewers hear nothing',
            remedy: 'see whether the film begins in silence; else `npm run media -- check` it',
          }),
        ];
  return [...picture, ...sound];
}

function lossFinding(lost: number, sent: number): Finding {
  const share = lost / sent;
  if (share < visibleLoss) return ok(`${lost} of ${sent} packets were lost`);
  const trouble = {
    what: `${lost} of ${sent} packets were lost (${percent(share)})`,
    why: 'the picture freezes until they are sent again',
    remedy: 'look for a busy machine, a full line or a slow network between here and there',
  };
  return share < ruinousLoss ? warning(trouble) : error(trouble);
}

function pairFinding({
  local,
  remote,
  remoteAddress,
  protocol,
}: NonNullable<PlaybackFacts['pair']>): Finding {
  if (local !== 'relay')
    return ok(`Media came directly from ${remoteAddress} over ${protocol} (${local} to ${remote})`);
  return warning({
    what: `Media came through TURN over ${protocol}, and not directly from ${remoteAddress}`,
    why: 'each viewer costs the server twice the traffic, and is limited to 8 MB/s',
    remedy: 'open the media ports (UDP) in the firewall, unless it is here that UDP is closed',
  });
}
