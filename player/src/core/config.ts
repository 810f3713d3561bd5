/** What the page may be told at run time, and what follows from it. */
import { sleep } from './deadline.ts';

/** A film or sound file to choose from. */
export interface MediaFile {
  name: string;
  kind: 'video' | 'audio';
}

/** The names of the run-time configuration, `window.JANUS_PLAY_CONFIG`; all optional. */
export interface PlayConfig {
  /** Host of the Janus API. */
  VUE_APP_JANUS_ADDRESS?: string;
  /** Its port for a page loaded over http. */
  VUE_APP_JANUS_HTTP_PORT?: number | string;
  /** Its port for a page loaded over https. */
  VUE_APP_JANUS_HTTPS_PORT?: number | string;
  /** Full URL of the Janus API; wins over the three above. */
  VUE_APP_JANUS_HTTP_SERVER?: string;
  /** Where to ask for ICE servers. */
  iceServersUrl?: string;
  /** Where to ask for what a file has beside picture and sound: its captions, its cover. */
  extrasUrl?: string;
  files?: MediaFile[];
}

const defaultPorts = { http: 8088, https: 8089 };

/** The Janus API's URL: as configured, else at the page's own origin. */
export function serverUrl(config: PlayConfig, page: URL | Location): string {
  if (config.VUE_APP_JANUS_HTTP_SERVER) {
    return new URL(config.VUE_APP_JANUS_HTTP_SERVER, page.href).href.replace(/\/$/, '');
  }
  const {
    VUE_APP_JANUS_ADDRESS: address,
    VUE_APP_JANUS_HTTP_PORT: http,
    VUE_APP_JANUS_HTTPS_PORT: https,
  } = config;
  if (!address && !http && !https) return new URL('/janus', page.href).href;
  const port = page.protocol === 'https:' ? https || defaultPorts.https : http || defaultPorts.http;
  const host = address || page.hostname;
  return `${page.protocol}//${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}/janus`;
}

/** Where ICE servers are asked for. */
export function iceServersUrl(config: PlayConfig, page: URL | Location): string {
  return new URL(config.iceServersUrl || '/turn-credentials', page.href).href;
}

/** Where captions and covers are asked for; not at all unless it is configured. */
export function extrasUrl(config: PlayConfig, page: URL | Location): string | undefined {
  return config.extrasUrl && new URL(config.extrasUrl, page.href).href;
}

/** The listed files, without entries that are none. */
export function mediaFiles(config: PlayConfig): MediaFile[] {
  const files = Array.isArray(config.files) ? config.files : [];
  return files.filter((file) => typeof file?.name === 'string' && file.name !== '');
}

/**
 * ICE servers with fresh credentials. A server that offers none, or does not answer in time, is no error:
 * a viewer who can reach the gateway directly needs none.
 * @param token shown where the server lets in those alone who have one
 * @param ms longest wait for the answer
 */
export async function fetchIceServers(
  url: string,
  signal: AbortSignal,
  { token, ms = 3000 }: { token?: string; ms?: number } = {},
): Promise<RTCIceServer[]> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ms)]);
  const ask = async (): Promise<RTCIceServer[]> => {
    const response = await fetch(url, {
      cache: 'no-store',
      headers: token ? { authorization: `Bearer ${token}` } : {},
      signal: limit,
    });
    const answer: { iceServers?: RTCIceServer[] } = response.ok ? await response.json() : {};
    return Array.isArray(answer.iceServers) ? answer.iceServers : [];
  };
  // A network that changes breaks requests off, and without TURN some viewers are lost.
  for (let tries = 0; tries < 3 && !limit.aborted; tries++) {
    try {
      return await ask();
    } catch {
      await sleep(250, limit);
    }
  }
  return [];
}
