/**
 * Whether the machine's own packet filter would drop what viewers send. Pure. It is judged for a viewer of whom nothing
 * is known: rules with other conditions than protocol, port and connection state are passed over.
 */
import type { Plan, PublishedPort } from '../../../infra/plan/plan.ts';
import { about, type Finding } from './finding.ts';

/** What `iptables-save` says; or why it cannot be asked. */
export type FirewallFacts = { rules: string } | { unknown: string };

type Verdict = 'accept' | 'drop' | 'return';

interface Rule {
  text: string;
  protocol?: string;
  ports?: [first: number, last: number][];
  /** Whether it may concern a viewer's first packet, and what then becomes of that. */
  judged: boolean;
  verdict?: Verdict;
  jump?: string;
}

interface Chain {
  policy?: Verdict;
  rules: Rule[];
}

const { ok, unknown, error } = about('firewall');

export function firewallFindings(plan: Plan, facts: FirewallFacts): Finding[] {
  if ('unknown' in facts) return [unknown(`The machine’s firewall is not known here: ${facts.unknown}`)];
  const chains = parseRules(facts.rules);
  // Packets to published ports are forwarded; the engine accepts them but for what the operator's chain says first.
  const chain = plan.network.mode === 'host' ? 'INPUT' : 'DOCKER-USER';
  const dropped = wantedPorts(plan).flatMap((range) => {
    const found = decide(chains, chain, range);
    return found?.verdict === 'drop' ? [{ ...range, by: found.by }] : [];
  });
  if (dropped.length === 0) {
    return [
      ok('No rule of this machine drops what viewers send; a firewall in front of it is not seen from here'),
    ];
  }
  return dropped.map(({ protocol, first, last, what, by }) =>
    error({
      what: `The firewall drops ${protocol.toUpperCase()} ${first === last ? `port ${first}` : `ports ${first}-${last}`} (${what}): ${by}`,
      why: 'viewers on other machines do not get through',
      remedy: `accept it before that rule (\`iptables -I ${chain} -p ${protocol} --dport ${first === last ? first : `${first}:${last}`} -j ACCEPT\`, or the like of your firewall’s own tool)`,
    }),
  );
}

interface WantedPorts {
  protocol: 'tcp' | 'udp';
  first: number;
  last: number;
  what: string;
}

/** What viewers send to, as ranges. Relays are reached by the gateway alone. */
function wantedPorts({ published, ports }: Plan): WantedPorts[] {
  const single = ({ protocol, port, what }: PublishedPort) => ({ protocol, first: port, last: port, what });
  return [
    ...published.web.map(single),
    ...published.turn.filter(({ what }) => what !== 'TURN relay').map(single),
    { protocol: 'udp', ...ports.rtp, what: 'RTP' },
  ];
}

/** What a chain does to a packet that begins a connection; undefined when it hands it back. */
function decide(
  chains: Map<string, Chain>,
  name: string,
  packet: WantedPorts,
  seen: string[] = [],
): { verdict: Verdict; by: string } | undefined {
  const chain = chains.get(name);
  if (chain === undefined || seen.includes(name)) return undefined;
  for (const rule of chain.rules.filter((candidate) => concerns(candidate, packet))) {
    if (rule.verdict === 'return') break;
    if (rule.verdict) return { verdict: rule.verdict, by: rule.text };
    const found = rule.jump && decide(chains, rule.jump, packet, [...seen, name]);
    if (found) return found;
  }
  return chain.policy && { verdict: chain.policy, by: `policy of ${name}` };
}

/** A range that is accepted in part is not accepted; one that is dropped in part is dropped. */
function concerns({ judged, protocol, ports, verdict }: Rule, packet: WantedPorts): boolean {
  if (!judged || (protocol !== undefined && protocol !== packet.protocol)) return false;
  if (ports === undefined) return true;
  return ports.some(([first, last]) =>
    verdict === 'drop'
      ? first <= packet.last && packet.first <= last
      : first <= packet.first && packet.last <= last,
  );
}

/** The table of filters. */
function parseRules(saved: string): Map<string, Chain> {
  const chains = new Map<string, Chain>();
  let table = '';
  for (const line of saved.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    if (table !== 'filter') continue;
    const [, declared, policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
    if (declared) {
      const verdict = ({ ACCEPT: 'accept', DROP: 'drop' } as const)[policy as 'ACCEPT' | 'DROP'];
      chains.set(declared, { policy: verdict, rules: [] });
    }
    const [, chain, rest] = /^-A (\S+) (.*)$/.exec(line) ?? [];
    if (chain) chains.get(chain)?.rules.push(parseRule(rest, line));
  }
  return chains;
}

const verdicts: Record<string, Verdict> = {
  ACCEPT: 'accept',
  DROP: 'drop',
  REJECT: 'drop',
  RETURN: 'return',
};
/** Targets after which a packet goes on. */
const passing = ['LOG', 'NFLOG', 'MARK', 'CONNMARK', 'AUDIT', 'TRACE'];

function parseRule(rest: string, text: string): Rule {
  const rule: Rule = { text, judged: true };
  const words = rest.match(/"[^"]*"|\S+/g) ?? [];
  for (let at = 0; at < words.length; at += 2) {
    const [option, value = ''] = [words[at], words[at + 1]];
    if (option === '-p') rule.protocol = value;
    else if (option === '--dport' || option === '--dports') rule.ports = value.split(',').map(parseRange);
    else if (option === '--ctstate' || option === '--state') rule.judged &&= value.split(',').includes('NEW');
    else if (option === '-j' || option === '-g') {
      if (verdicts[value]) rule.verdict = verdicts[value];
      else if (passing.includes(value)) rule.judged = false;
      else rule.jump = value;
    } else if (!neutral(option, value)) rule.judged = false;
  }
  return rule;
}

/** Options that are no condition, or one that a packet from a viewer to this machine meets. */
function neutral(option: string, value: string): boolean {
  if (option === '-m')
    return ['tcp', 'udp', 'multiport', 'conntrack', 'state', 'addrtype', 'comment'].includes(value);
  if (option === '--dst-type') return value === 'LOCAL';
  return option === '--comment' || option === '--reject-with';
}

function parseRange(text: string): [number, number] {
  const [first, last = first] = text.split(':').map(Number);
  return [first, last];
}
