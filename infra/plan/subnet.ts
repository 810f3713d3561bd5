/** Which subnet a stack's bridge network has. Pure. */
import type { EngineFacts } from './facts.ts';

/** Where stacks look for one: high in a private range, whose low end engines take from by themselves. */
const candidates = Array.from({ length: 16 }, (_, i) => `172.31.${240 + i}.0/24`);

/** All that the candidates are part of, for a person. */
export const candidateRange = '172.31.240.0/20';

/**
 * The subnet that the network `name` has already, else one that overlaps nothing that the machine reaches.
 * @returns undefined when none is free
 */
export function chooseSubnet(
  name: string,
  { networks, routes }: Pick<EngineFacts, 'networks' | 'routes'>,
): string | undefined {
  const own = networks.find((network) => network.name === name)?.subnets[0];
  if (own !== undefined) return own;
  const taken = [...networks.flatMap(({ subnets }) => subnets), ...routes].filter(isIpv4);
  // Each stack starts at another one, so that two that are deployed at the same time seldom meet.
  const start = checksum(name) % candidates.length;
  const inTurn = [...candidates.slice(start), ...candidates.slice(0, start)];
  return inTurn.find((candidate) => !taken.some((subnet) => overlap(candidate, subnet)));
}

/** Whether two IPv4 subnets (a.b.c.d/n) have an address in common. */
export function overlap(a: string, b: string): boolean {
  const [one, other] = [extent(a), extent(b)];
  return one.first <= other.last && other.first <= one.last;
}

/** First and last address of a subnet, as numbers. */
function extent(subnet: string): { first: number; last: number } {
  const [address, prefix] = subnet.split('/');
  const size = 2 ** (32 - Number(prefix));
  const number = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const first = Math.floor(number / size) * size;
  return { first, last: first + size - 1 };
}

const isIpv4 = (subnet: string): boolean => !subnet.includes(':');

const checksum = (name: string): number =>
  [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
