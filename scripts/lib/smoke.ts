/** Talks to every service of a deployment, as a viewer's browser will. */
import { X509Certificate } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import type { Config } from '../../infra/config/config.ts';
import { loadCertificate } from './certificates.ts';
import { Failure } from './steps.ts';
import { stunAnswers } from './stun.ts';

interface Answer {
  status: number;
  body: string;
  /** SHA-256 fingerprint of the certificate that was served. */
  fingerprint?: string;
}

/** @throws Failure with every service that does not do what it should. */
export async function smokeCheck(config: Config, host: string): Promise<string> {
  const expected = new X509Certificate(loadCertificate(config).chain).fingerprint256;
  const page = async (what: string, url: string, contains: string, status = 200) => {
    const answer = await get(url).catch((error: Error) => ({
      status: 0,
      body: error.message,
      fingerprint: expected,
    }));
    if (answer.status !== status || !answer.body.includes(contains)) {
      return [
        `${what} at ${url} answered ${answer.status || answer.body}; see \`docker logs\` of the web server.`,
      ];
    }
    if (answer.fingerprint !== undefined && answer.fingerprint !== expected) {
      return [
        `${what} at ${url} serves another certificate than the configured one; restart the web server.`,
      ];
    }
    return [];
  };
  const { playerPort, demosPort, apiHttpPort, apiHttpsPort, turnPort, turnTlsPort } = config;
  const [player, demos] = [`https://${host}:${playerPort}`, `https://${host}:${demosPort}`];
  const checks = [
    page('The player', `${player}/player/`, '<html'),
    page('The player’s configuration', `${player}/player/config.js`, 'JANUS_PLAY_CONFIG'),
    config.access === 'token'
      ? page('The TURN credentials', `${player}/turn-credentials`, 'token', 401)
      : page('The TURN credentials', `${player}/turn-credentials`, 'username'),
    page('The Janus API', `${player}/janus/info`, 'janus.plugin.tms.play'),
    page('The Janus API', `http://${host}:${apiHttpPort}/janus/info`, 'janus.plugin.tms.play'),
    page('The Janus API', `https://${host}:${apiHttpsPort}/janus/info`, 'janus.plugin.tms.play'),
    ...(config.production
      ? []
      : [
          page('The demos', `${demos}/`, '<html'),
          page('The demos’ Janus API', `${demos}/janus/info`, 'janus.plugin.echotest'),
        ]),
    stunAnswers(host, turnPort).then((answers) =>
      answers ? [] : [`The TURN server does not answer on UDP port ${turnPort}.`],
    ),
    tlsConnects(host, turnTlsPort).then((connects) =>
      connects ? [] : [`TURN over TLS does not answer on TCP port ${turnTlsPort}.`],
    ),
  ];
  const errors = (await Promise.all(checks)).flat();
  if (errors.length > 0) throw new Failure(errors.join('\n'));
  return `${checks.length} checks, every service answers`;
}

/** The certificate is compared, not verified: it may not name the address that is asked. */
const unverified = { rejectUnauthorized: false };

function get(url: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? httpsRequest : httpRequest;
    const sent = request(url, { ...unverified, timeout: 10_000, agent: false }, (response) => {
      const socket = response.socket as TLSSocket;
      const fingerprint = socket.getPeerCertificate?.().fingerprint256;
      response.setEncoding('utf8');
      let body = '';
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, fingerprint }));
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer within 10 s')));
    sent.on('error', reject);
    sent.end();
  });
}

function tlsConnects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, ...unverified, timeout: 5000 }, () => finish(true));
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('error', () => finish(false));
    socket.on('timeout', () => finish(false));
  });
}
