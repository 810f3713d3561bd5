/** More and more viewers, until packets are lost. */
import { setTimeout } from 'node:timers/promises';
import { filmFolder } from './films.ts';
import { startGateway } from './gateway.ts';
import { account, prefer, residentMemory, type Usage } from './processor.ts';
import { Audience, type Received } from './receiver.ts';
import { cores, differentFilms, type Service, type Way, type WayName, ways } from './ways.ts';

export interface Step {
  way: WayName;
  viewers: number;
  /** How many different films they watch; undefined for what is no file. */
  films?: number;
  seconds: number;
  packets: number;
  lost: number;
  bytes: number;
  /** Milliseconds by which a frame came later than the earliest of its medium. */
  lateP50: number;
  lateP99: number;
  lateMax: number;
  /** Milliseconds from ctrl.play to the first packet. */
  firstPacketP50: number;
  firstPacketP95: number;
  /** Milliseconds from ctrl.seek to the first packet of the new position. */
  seekP50?: number;
  seekP95?: number;
  gateway: Usage;
  /** The ffmpeg processes. */
  helpers: Usage;
  receivers: Usage;
  /** Resident memory of the gateway in KiB. */
  memory: number;
  /** How busy the two processors were, 0 to 1. */
  cores: { serving: number; receiving: number };
  /** Cores that processes used which are no part of the benchmark. */
  others: number;
  /** Why no more viewers were tried. */
  ended?: string;
}

const rungs = [1, 10, 25, 40, 50, 100, 200, 300, 400, 500, 600, 800, 1000];

/** More loss than this ends a ladder: one packet in a thousand. */
const tolerated = 0.001;

interface Conditions {
  image: string;
  eventLoops: number;
  viewers: number;
  seconds: number;
  scratch: string;
}

/** Climbs, with a gateway of its own; gives each step as it is measured. */
export async function* climb(name: WayName, conditions: Conditions): AsyncGenerator<Step> {
  const way: Way = ways[name];
  const most = Math.min(way.most, conditions.viewers);
  const gateway = await startGateway({ ...conditions, core: cores.serving, media: filmFolder });
  const audience = new Audience(gateway, cores.receiving);
  let service: Service | undefined;
  try {
    service = await way.serve(gateway, audience, conditions.scratch);
    for (const viewers of [...rungs.filter((rung) => rung < most), most]) {
      await service.provide?.(viewers);
      const step = await measure({
        name,
        viewers,
        seconds: conditions.seconds,
        gateway: gateway.pid,
        audience,
        service,
      });
      yield step;
      if (step.ended !== undefined) return;
    }
  } finally {
    await audience.end();
    await service?.end?.();
    await gateway.stop();
  }
}

/** So many viewers of one film, of two, and so on until each watches another. */
export async function* spreadOut(conditions: Conditions): AsyncGenerator<Step> {
  const viewers = Math.min(differentFilms, conditions.viewers);
  for (const films of [1, 3, 10, 30, 100].filter((count) => count <= viewers)) {
    const gateway = await startGateway({ ...conditions, core: cores.serving, media: filmFolder });
    const audience = new Audience(gateway, cores.receiving);
    try {
      const { sources } = await ways.films.serve();
      const service = { sources: sources.slice(0, films) };
      yield await measure({
        name: 'films',
        viewers,
        seconds: conditions.seconds,
        gateway: gateway.pid,
        audience,
        service,
      });
    } finally {
      await audience.end();
      await gateway.stop();
    }
  }
}

/** Where viewers go to, one after the other, after each step of no more than so many: with more the processor is full. */
const seeks = { times: 60, seconds: 50, most: 200 };

/** Plays begin spread over a second and a half, which is no multiple of the time between key frames. */
const spread = 1500;

/** So much of a core used by others than the benchmark spoils a step, which is measured again, so many times at most. */
const spoilt = 0.6;
const attempts = 3;

/** Who is served on a step of a ladder, and by what. */
interface Rung {
  name: WayName;
  viewers: number;
  /** For how long it is accounted. */
  seconds: number;
  /** Process id of the gateway. */
  gateway: number;
  audience: Audience;
  service: Service;
}

async function measure(rung: Rung): Promise<Step> {
  const { viewers, audience, service } = rung;
  const firsts = await audience.ask<Pick<Step, 'firstPacketP50' | 'firstPacketP95'>>({
    do: 'watch',
    viewers,
    sources: service.sources,
    spread,
  });
  await setTimeout(1500);
  let quietest = await watch(rung);
  for (let again = 1; again < attempts && quietest.others > spoilt; again++) {
    const step = await watch(rung);
    if (step.others < quietest.others) quietest = step;
  }
  return { ...quietest, ...firsts };
}

/** Accounts for a while what it takes to serve those who watch. */
async function watch({ name, viewers, seconds, gateway, audience, service }: Rung): Promise<Step> {
  const helpers = (await service.helpers?.()) ?? [];
  helpers.forEach(prefer);
  await audience.ask({ do: 'begin' });
  const used = account({ gateway: [gateway], helpers, receivers: [audience.pid] });
  await setTimeout(1000 * seconds);
  const { usage, cores: busy } = used();
  const { video, audio, ...received } = await audience.ask<Received>({ do: 'end' });
  const sought =
    name === 'play' && viewers <= seeks.most
      ? await audience.ask<{ seekP50: number; seekP95: number }>({ do: 'seek', ...seeks })
      : {};
  const ours = usage.gateway.millicores + usage.helpers.millicores + usage.receivers.millicores;
  const step: Step = {
    way: name,
    viewers,
    films: service.sources[0].file === undefined ? undefined : Math.min(viewers, service.sources.length),
    seconds: received.seconds,
    packets: video.packets + audio.packets,
    lost: video.lost + audio.lost,
    bytes: video.bytes + audio.bytes,
    lateP50: received.lateP50,
    lateP99: received.lateP99,
    lateMax: received.lateMax,
    firstPacketP50: 0,
    firstPacketP95: 0,
    ...sought,
    ...usage,
    memory: residentMemory(gateway),
    cores: { serving: busy[cores.serving], receiving: busy[cores.receiving] },
    others: Math.max(0, busy.reduce((sum, core) => sum + core, 0) - ours / 1000),
  };
  return { ...step, ended: verdict(step, received.silent) };
}

/** Why it ends here, and which side was at its limit. */
function verdict(step: Step, silent: number): string | undefined {
  const share = step.lost / Math.max(1, step.lost + step.packets);
  if (silent === 0 && share <= tolerated) return undefined;
  const what = silent > 0 ? `${silent} viewers got nothing` : `${(100 * share).toFixed(2)} % lost`;
  const full = (busy: number) => busy > 0.95;
  const sides = [
    full(step.cores.serving) ? 'the serving processor' : '',
    full(step.cores.receiving) ? 'the receivers’ processor' : '',
  ].filter((side) => side !== '');
  return `${what}; saturated: ${sides.join(' and ') || 'neither processor'}`;
}
