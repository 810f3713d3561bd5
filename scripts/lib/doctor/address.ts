/** Whether media is offered at an address that viewers reach. Pure. */
import type { EngineFacts } from '../../../infra/plan/facts.ts';
import type { Plan } from '../../../infra/plan/plan.ts';
import { about, type Finding } from './finding.ts';

const { ok, warning, error } = about('address');

/** @param deployed addresses that the running TURN server was told to be the gateway's; undefined without one */
export function addressFindings(plan: Plan, engine: EngineFacts, deployed?: string[]): Finding[] {
  const { advertised, advertisedWhy } = plan;
  const findings = [
    engine.addresses.includes(advertised)
      ? ok(`Media is offered at ${advertised}: ${advertisedWhy}`)
      : warning({
          what: `advertisedAddress ${advertised} is not one of the engine’s machine (${engine.addresses.join(', ')})`,
          why: 'viewers are told to send their media there',
          remedy: 'leave it if a router forwards the media ports from there, else set it to auto',
        }),
  ];
  if (deployed !== undefined && !deployed.includes(advertised)) {
    findings.push(
      error({
        what: `Media is to be offered at ${advertised}, and the last \`npm run up\` was for ${deployed.join(', ')}`,
        why: 'services listen, and viewers are sent, where they were told to then',
        remedy:
          'run `npm run up`; for an address that changes by itself, have the router or the provider fix it',
      }),
    );
  }
  return findings;
}

/** The outside STUN server that the gateway learns its public address from. */
export function stunFindings(server: string, answers: boolean): Finding[] {
  if (answers) return [ok(`stun_server ${server} answers`)];
  return [
    warning({
      what: `stun_server ${server} does not answer`,
      why: 'the gateway cannot learn the public address that a router gives it',
      remedy: 'viewers behind other networks need it or TURN: set one that answers',
    }),
  ];
}
