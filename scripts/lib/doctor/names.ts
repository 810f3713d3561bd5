/** Whether the names that viewers use lead to this deployment. Pure. */
import { about, type Finding } from './finding.ts';

/** A host name's addresses; or why they could not be asked for, e.g. ETIMEOUT. */
export interface NameFacts {
  name: string;
  addresses: string[];
  failed?: string;
}

const { ok, warning, error } = about('name');

/**
 * @param own addresses that lead here: the advertised one and the machine's
 * @param required whether the certificate depends on it (ACME): the authority asks at every address of the name
 */
export function nameFinding(
  { name, addresses, failed }: NameFacts,
  own: string[],
  required: boolean,
): Finding {
  const grade = required ? error : warning;
  if (failed) {
    return grade({
      what: `${name} could not be looked up (${failed})`,
      why: 'who cannot look a name up does not find the server by it',
      remedy: `check this machine's name servers`,
    });
  }
  if (addresses.length === 0) {
    return grade({
      what: `${name} has no A or AAAA record`,
      why: 'viewers do not find the server by its name',
      remedy: `set one to ${own[0]}, or correct the name`,
    });
  }
  const elsewhere = addresses.filter((address) => !own.includes(address));
  if (elsewhere.length > 0) {
    return grade({
      what: `${name} ${elsewhere.length < addresses.length ? 'also ' : ''}leads to ${elsewhere.join(', ')}, which is not this deployment (${own.join(', ')})`,
      why: 'viewers, and an authority that is asked for a certificate, end up elsewhere',
      remedy: 'correct its A and AAAA records, or set advertisedAddress if a router forwards from there',
    });
  }
  return ok(`${name} leads to ${addresses.join(', ')}`);
}
