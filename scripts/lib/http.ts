/** Questions over http and https to servers whose certificate is compared, or not looked at. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';

export interface HttpAnswer {
  status: number;
  body: string;
  /** SHA-256 fingerprint of the certificate that was served. */
  fingerprint?: string;
}

export interface HttpQuestion {
  method?: string;
  body?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** ms without an answer after which it is given up; 10 s unless said. */
  timeout?: number;
}

/** Rejects when there is no answer. The certificate may be any: it may not name the address that is asked. */
export function ask(
  url: string,
  { method = 'GET', body, headers, signal, timeout = 10_000 }: HttpQuestion = {},
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? httpsRequest : httpRequest;
    const options = { method, headers, signal, timeout, rejectUnauthorized: false, agent: false };
    const sent = request(url, options, (response) => {
      const socket = response.socket as TLSSocket;
      const fingerprint = socket.getPeerCertificate?.().fingerprint256;
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text, fingerprint }));
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${timeout / 1000} s`)));
    sent.on('error', reject);
    sent.end(body);
  });
}
