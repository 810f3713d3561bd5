/** Whether viewers whom UDP does not reach directly are served. Pure. */
import { about, type Finding } from './finding.ts';

/** An attempt to be given a relay, as a browser makes it. */
export interface TurnFacts {
  /** As browsers are told it, e.g. `turn:192.0.2.1:3478?transport=udp`. */
  url: string;
  /** How the attempt ended: 0, or the error's code of STUN; or why there was no answer. */
  allocated: number | { failed: string };
  /** The same of the request to exchange packets with the gateway; of one that was allocated. */
  permitted?: number;
}

const { ok, error, warning } = about('turn');

const why = 'viewers whom the media ports are closed to, in offices and hotels, see nothing';

/** @param answers whether a STUN request over UDP is answered */
export function turnFindings(
  stunAnswers: boolean,
  port: number,
  attempts: TurnFacts[] | { failed: string },
): Finding[] {
  const stun = stunAnswers
    ? ok(`STUN answers on UDP port ${port}`)
    : error({
        what: `The TURN server does not answer on UDP port ${port}`,
        why,
        remedy: `open UDP port ${port} in the firewall; \`npm run logs\` says what the TURN server did`,
      });
  if ('failed' in attempts) {
    return [
      stun,
      error({
        what: `There are no TURN credentials: ${attempts.failed}`,
        why,
        remedy: '`npm run logs` says what the web server did',
      }),
    ];
  }
  return [stun, ...attempts.map(attemptFinding)];
}

function attemptFinding({ url, allocated, permitted }: TurnFacts): Finding {
  if (typeof allocated === 'object') {
    return error({
      what: `${url} does not answer (${allocated.failed})`,
      why,
      remedy:
        'open the port in the firewall; `npm run logs` says what the TURN server did, or the web server, which ends TLS',
    });
  }
  if (allocated === 486) {
    return warning({
      what: `${url} has no relay left (486)`,
      why: 'the next viewer who needs one gets none',
      remedy: 'raise maxViewers',
    });
  }
  if (allocated !== 0) {
    return error({
      what: `${url} refuses the web server’s credentials (${allocated})`,
      why,
      remedy: 'run `npm run up`, which gives both servers the same secret; check the machine’s clock',
    });
  }
  if (permitted !== undefined && permitted !== 0) {
    return error({
      what: `${url} gives a relay, but none to the gateway (${permitted})`,
      why,
      remedy: 'run `npm run up`: the machine’s address may have changed since the last one',
    });
  }
  return ok(`${url} gives a relay to the gateway`);
}
