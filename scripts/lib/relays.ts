/** Asks the TURN server for relays, through every way that browsers are told of and with their credentials. */
import type { TurnFacts } from './doctor/turn.ts';
import { ask } from './http.ts';
import { TurnClient, type TurnCredential, type TurnServer } from './turn-client.ts';

interface IceServer extends TurnCredential {
  urls: string[];
}

/**
 * The ICE servers that a viewer of `origin` is given.
 * @throws Error that says why there are none
 */
export async function askIceServers(origin: string, token?: string): Promise<IceServer[]> {
  const headers = token ? { authorization: `Bearer ${token}` } : undefined;
  const { status, body } = await ask(`${origin}/turn-credentials`, { headers });
  if (status !== 200) throw new Error(`${origin}/turn-credentials answered ${status}`);
  return (JSON.parse(body) as { iceServers: IceServer[] }).iceServers;
}

/** @param gateway address that viewers send media to */
export async function tryRelays(
  origin: string,
  gateway: string,
  token?: string,
): Promise<TurnFacts[] | { failed: string }> {
  try {
    const servers = await askIceServers(origin, token);
    return await Promise.all(
      servers.flatMap(({ urls, ...credential }) => urls.map((url) => tryRelay(url, gateway, credential))),
    );
  } catch (error) {
    return { failed: (error as Error).message };
  }
}

async function tryRelay(url: string, gateway: string, credential: TurnCredential): Promise<TurnFacts> {
  try {
    await using client = await TurnClient.open(parseTurnUrl(url), credential);
    const allocated = await client.allocate();
    return { url, allocated, ...(allocated === 0 && { permitted: await client.permit(gateway) }) };
  } catch (error) {
    return { url, allocated: { failed: (error as Error).message.replace(/\.$/, '') } };
  }
}

/** e.g. `turns:192.0.2.1:5349?transport=tcp` (RFC 7065); an IPv6 address is in brackets. */
export function parseTurnUrl(url: string): TurnServer {
  const [, scheme, host, port, transport] =
    /^(turns?):(\[[^\]]+\]|[^:?]+):(\d+)(?:\?transport=(udp|tcp))?$/.exec(url) ?? [];
  if (host === undefined) throw new Error(`${url} is not the URL of a TURN server.`);
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port),
    transport: scheme === 'turns' ? 'tls' : transport === 'tcp' ? 'tcp' : 'udp',
  };
}
