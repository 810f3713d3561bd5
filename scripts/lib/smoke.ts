/** Talks to every service of a deployment, as a viewer's browser will. */
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import type { Config } from '../../infra/config/config.ts';
import { playPlugin } from '../../infra/plan/container.ts';
import { loadCertificate } from './certificates.ts';
import { ofSeverity, sentence } from './doctor/finding.ts';
import { answerFindings, type ServiceAnswer } from './doctor/services.ts';
import { ask } from './http.ts';
import { Failure } from './steps.ts';
import { stunAnswers } from './stun.ts';

/** @throws Failure with every service that does not do what it should. */
export async function smokeCheck(config: Config, host: string): Promise<string> {
  const expected = new X509Certificate(loadCertificate(config).chain).fingerprint256;
  const { turnPort, turnTlsPort } = config;
  const [answers, stun, turnTls] = await Promise.all([
    askServices(config, host),
    stunAnswers(host, turnPort),
    tlsConnects(host, turnTlsPort),
  ]);
  const errors = [
    ...ofSeverity(answerFindings(answers, expected), 'error').map(sentence),
    ...(stun ? [] : [`The TURN server does not answer on UDP port ${turnPort}.`]),
    ...(turnTls ? [] : [`TURN over TLS does not answer on TCP port ${turnTlsPort}.`]),
  ];
  if (errors.length > 0) throw new Failure(errors.join('\n'));
  return `${answers.length + 2} checks, every service answers`;
}

/** Asks the web server for all that it serves. */
export function askServices(config: Config, host: string): Promise<ServiceAnswer[]> {
  const { playerPort, demosPort, apiHttpPort, apiHttpsPort } = config;
  const page = async (what: string, url: string, contains: string, status = 200): Promise<ServiceAnswer> => {
    const got = await ask(url).catch((error: Error) => ({ failed: error.message }));
    return { what, url, wanted: { status, contains }, got };
  };
  const [player, demos] = [`https://${host}:${playerPort}`, `https://${host}:${demosPort}`];
  return Promise.all([
    page('The player', `${player}/player/`, '<html'),
    page('The player’s configuration', `${player}/player/config.js`, 'JANUS_PLAY_CONFIG'),
    config.access === 'token'
      ? page('The TURN credentials', `${player}/turn-credentials`, 'token', 401)
      : page('The TURN credentials', `${player}/turn-credentials`, 'username'),
    page('The Janus API', `${player}/janus/info`, playPlugin),
    page('The Janus API', `http://${host}:${apiHttpPort}/janus/info`, playPlugin),
    page('The Janus API', `https://${host}:${apiHttpsPort}/janus/info`, playPlugin),
    ...(config.production
      ? []
      : [
          page('The demos', `${demos}/`, '<html'),
          page('The demos’ Janus API', `${demos}/janus/info`, 'janus.plugin.echotest'),
        ]),
  ]);
}

function tlsConnects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: 5000 }, () => finish(true));
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('error', () => finish(false));
    socket.on('timeout', () => finish(false));
  });
}
