/** Viewers' tokens: texts in the form of Janus's signed tokens, with what their holder may play. */
import { createHmac } from 'node:crypto';
import { playPlugin } from '../../infra/plan/container.ts';

export interface TokenClaims {
  /** Folders with a slash at their end, files, or "/" for everything; relative to the media folder. */
  media: string[];
  /** Seconds since 1970. */
  expires: number;
}

/** Signs a token as Janus's core, the play plugin and the web server check it; see the plugin's PROTOCOL.md. */
export function signToken({ media, expires }: TokenClaims, secret: string): string {
  const descriptors = media.map((name) => `media=${name.split('/').map(encodeURIComponent).join('/')}`);
  const data = [expires, 'janus', playPlugin, ...descriptors].join(',');
  return `${data}:${createHmac('sha1', secret).update(data).digest('base64')}`;
}
