/** Whether clocks agree: TURN credentials, viewers' tokens and certificates hold for a time. Pure. */
import { about, type Finding } from './finding.ts';

export interface ClockFacts {
  /** Seconds that the engine's machine is ahead of this one. */
  engine: number;
  /** Seconds that this machine is ahead of a server that was asked; undefined without one. */
  network?: { server: string; ahead: number };
}

const { ok, unknown, warning, error } = about('clock');

/** Seconds that do no harm, also as answers tell whole seconds and take their time. */
const harmless = 30;
/** Seconds that TURN credentials hold. */
const ruinous = 3600;

export const clockFindings = ({ engine, network }: ClockFacts): Finding[] => [
  difference('The engine’s machine', engine, 'this machine'),
  network
    ? difference('This machine', network.ahead, network.server)
    : unknown('No server that tells the time was reached: this machine’s clock is compared with nothing'),
];

function difference(who: string, ahead: number, other: string): Finding {
  const seconds = Math.round(Math.abs(ahead));
  if (seconds <= harmless) return ok(`${who} and ${other} agree on the time`);
  const trouble = {
    what: `${who} is ${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} ${other}`,
    why: 'viewers’ tokens, TURN credentials and certificates begin and end at the wrong time',
    remedy: 'have its clock set by NTP (`timedatectl set-ntp true`)',
  };
  return seconds >= ruinous ? error(trouble) : warning(trouble);
}
