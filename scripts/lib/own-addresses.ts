/** This machine's own addresses, on every system. */
import { createSocket } from 'node:dgram';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

/** IPv4 and IPv6 addresses without loopback and link-local ones; that of the way out first. */
export async function ownAddresses(): Promise<string[]> {
  return orderAddresses(networkInterfaces(), await addressOfWayOut());
}

/** @param wayOut the address that this machine has on the network of its default route, where it has one */
export function orderAddresses(
  interfaces: Record<string, Pick<NetworkInterfaceInfo, 'address' | 'internal'>[] | undefined>,
  wayOut: string | undefined,
): string[] {
  const all = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ address, internal }) => !internal && !/^(169\.254\.|fe80:)/i.test(address))
    .map(({ address }) => address);
  return [...new Set([...all.filter((address) => address === wayOut), ...all])];
}

/** Of a documentation network, which is nobody's: what is sent there would take the default route. */
const outside = '198.51.100.1';

/** Connecting a UDP socket sends nothing; the system chooses the address that it would send from. */
function addressOfWayOut(): Promise<string | undefined> {
  const socket = createSocket('udp4');
  return new Promise<string | undefined>((resolve) => {
    socket.once('error', () => resolve(undefined));
    socket.connect(9, outside, () => resolve(socket.address().address));
  }).finally(() => socket.close());
}
