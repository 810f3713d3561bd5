/** Whether browsers take the certificate, and for how long. Pure. */
import { about, type Finding, fromSentence } from './finding.ts';

export interface CertificateFacts {
  /** Where it is from: the operator, an ACME authority that is asked again in time, or made here. */
  origin: 'operator' | 'acme' | 'generated';
  file: string;
  /** Sentences on what is wrong with the files. */
  problems: string[];
  /** Host names and addresses it is for. */
  names: string[];
  validFrom: Date;
  validTo: Date;
}

const { ok, warning } = about('certificate');
const day = 24 * 3600 * 1000;

/** Days before its end that a certificate should have been replaced by. */
const lateDays = 14;

const renewal = {
  operator: 'renew it, and run `npm run up` so that the web server takes the new one',
  acme: 'run `npm run certs -- renew`, and set a timer for it (docs/certificates.md)',
  generated: 'run `npm run up`, which makes a new one',
};

/**
 * @param hosts what viewers may call the server: of each of them the certificate is to be
 */
export function certificateFindings(
  { origin, file, problems, names, validFrom, validTo }: CertificateFacts,
  hosts: string[],
  now: Date,
): Finding[] {
  if (problems.length > 0) {
    return problems.map((text) =>
      fromSentence('certificate', text, 'browsers refuse the page, and TURN over TLS'),
    );
  }
  const left = Math.floor((validTo.getTime() - now.getTime()) / day);
  const lifetime = (validTo.getTime() - validFrom.getTime()) / day;
  // One that lives for days is renewed when a third of its time is left.
  const late = left < Math.min(lateDays, lifetime / 3);
  const unnamed = hosts.filter((host) => !names.some((name) => covers(name, host)));
  return [
    late
      ? warning({
          what: `The certificate ${file} ends in ${left} day${left === 1 ? '' : 's'} (${validTo.toISOString().slice(0, 10)})`,
          why: 'from then on browsers refuse the page',
          remedy: renewal[origin],
        })
      : ok(
          `Valid for ${left} days (${origin === 'generated' ? 'made here, so only who trusts its authority is not asked' : file})`,
        ),
    unnamed.length > 0
      ? warning({
          what: `The certificate is for ${names.join(', ')}, and not for ${unnamed.join(', ')}`,
          why: 'browsers refuse a page whose address the certificate does not name',
          remedy:
            origin === 'generated'
              ? 'run `npm run up`, which makes one for all of the machine’s names'
              : 'open the player by a name of the certificate, or get one for this name',
        })
      : ok(`For ${names.join(', ')}`),
  ];
}

/** Whether a certificate's name, which may begin with a wildcard for one label, is that of a host. */
const covers = (name: string, host: string): boolean =>
  name.toLowerCase() === host.toLowerCase() ||
  (name.startsWith('*.') && host.slice(host.indexOf('.')).toLowerCase() === name.slice(1).toLowerCase());
