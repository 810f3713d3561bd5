/** The gateway under test: the image that is deployed, alone, on ports of its own. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { $ } from 'zx';
import { parseConfig } from '../infra/config/config.ts';
import { firstIpv4, makePlan } from '../infra/plan/plan.ts';
import { officialBuild } from '../infra/plan/profiles.ts';
import { renderGateway } from '../infra/render/janus.ts';
import { findBaseImage } from '../scripts/lib/base-image.ts';
import { readEngineFacts } from '../scripts/lib/engine.ts';
import { Failure } from '../scripts/lib/steps.ts';
import { prefer } from './processor.ts';

/** Apart from those of deployments and tests. */
const ports = { gatewayPort: '17988', rtpPorts: '16000-17699', maxViewers: '1300' };

export interface Gateway {
  /** Of Janus's HTTP API. */
  url: string;
  /** Process of Janus on this machine. */
  pid: number;
  /** The machine's address that media go through. */
  address: string;
  /** Makes a mountpoint of the streaming plugin that takes Opus and H.264 by RTP at these ports of loopback. */
  createMountpoint(id: number, ports: { audio: number; video: number }): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the gateway on processor `core`, with `media` as its folder, configured as a deployment is but for what is said here. */
export async function startGateway(options: {
  image: string;
  eventLoops: number;
  core: number;
  media: string;
}): Promise<Gateway> {
  const base = await findBaseImage('auto');
  const settings = Object.entries(ports).map(([key, value]) => [key, { value, where: 'bench' }]);
  const config = parseConfig({ stack: Object.fromEntries(settings), env: {} });
  const engine = await readEngineFacts(base.name);
  const plan = makePlan('bench', { ...config, network: 'host', stunServer: '' }, engine, {
    ...officialBuild,
    baseImage: base,
  });
  const address = firstIpv4(engine.addresses);
  if (address === undefined)
    throw new Failure('This machine has no IPv4 address but loopback; give it one for the benchmark.');

  const url = `http://${plan.gatewayApi.host}:${plan.gatewayApi.port}/janus`;
  if (await answers(url))
    throw new Failure(`Another program answers at ${url}; end it, perhaps another benchmark.`);

  const streamingKey = randomBytes(16).toString('hex');
  const secrets = { admin: randomBytes(16).toString('hex'), streaming: streamingKey, token: '' };
  const folder = mkdtempSync(join(tmpdir(), 'janus-deploy-bench-'));
  mkdirSync(join(folder, 'current'));
  const files = renderGateway({ ...plan, eventLoops: options.eventLoops, debugLevel: 3 }, secrets);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'current', name), text);
  chmodSync(folder, 0o755);

  const hardened = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
  const folders = ['/tmp', '/run/janus:uid=10001,mode=0700', '/cache:uid=10001,mode=0700,size=512m'];
  const memory = folders.flatMap((folder) => ['--tmpfs', folder]);
  const volumes = ['--volume', `${folder}:/config:ro`, '--volume', `${options.media}:/media:ro`];
  const started = await $({
    quiet: true,
  })`docker run --detach --network host --no-healthcheck ${hardened} ${[...memory, ...volumes]} --cpuset-cpus ${options.core} ${options.image}`;
  const container = started.stdout.trim();
  const pid = Number(
    (await $({ quiet: true })`docker inspect --format ${'{{.State.Pid}}'} ${container}`).stdout,
  );

  const stop = async () => {
    await $({ quiet: true, nothrow: true })`docker rm --force ${container}`;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await awaitAnswer(url);
    prefer(pid);
  } catch (error) {
    const log = await $({ quiet: true, nothrow: true })`docker logs --tail 20 ${container}`;
    await stop();
    throw new Failure(`${(error as Error).message}; its log ends with:\n${log.stdout}${log.stderr}`);
  }
  return {
    url,
    pid,
    address,
    createMountpoint: (id, ports) => createMountpoint(url, streamingKey, id, ports),
    stop,
  };
}

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/info`).then(
    () => true,
    () => false,
  );

async function awaitAnswer(url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await answers(url)) return;
    await setTimeout(100);
  }
  throw new Error('The gateway did not answer within 10 s');
}

async function post(
  url: string,
  body: object,
): Promise<{ data: { id: number }; plugindata?: { data: object } }> {
  const response = await fetch(url, {
    method: 'POST',
    body: JSON.stringify({ ...body, transaction: 'bench' }),
  });
  return (await response.json()) as { data: { id: number } };
}

async function createMountpoint(
  url: string,
  adminKey: string,
  id: number,
  ports: { audio: number; video: number },
): Promise<void> {
  const session = `${url}/${(await post(url, { janus: 'create' })).data.id}`;
  const handle = (await post(session, { janus: 'attach', plugin: 'janus.plugin.streaming' })).data.id;
  const audio = { audio: true, audioport: ports.audio, audiopt: 111, audiortpmap: 'opus/48000/2' };
  const video = { video: true, videoport: ports.video, videopt: 96, videortpmap: 'H264/90000' };
  const body = {
    request: 'create',
    admin_key: adminKey,
    type: 'rtp',
    id,
    audioiface: '127.0.0.1',
    videoiface: '127.0.0.1',
    ...audio,
    ...video,
    videofmtp: 'profile-level-id=42e01f;packetization-mode=1',
  };
  const answer = await post(`${session}/${handle}`, { janus: 'message', body });
  const created = answer.plugindata?.data ?? {};
  if (!('created' in created)) throw new Failure(`The mountpoint was refused: ${JSON.stringify(answer)}.`);
  await post(session, { janus: 'destroy' });
}
