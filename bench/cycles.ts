/** Viewers who come, see a little and go, and what of them stays in the gateway. */
import { readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { filmFolder, films } from './films.ts';
import { startGateway } from './gateway.ts';
import { residentMemory } from './processor.ts';
import { Audience } from './receiver.ts';
import { cores } from './ways.ts';

export interface Cycles {
  viewers: number;
  /** Bytes of resident memory by which the gateway has grown for each in the second half. */
  growth: number;
  /** After the first half and after the second. */
  threads: [number, number];
  descriptors: [number, number];
}

/** As many come at a time. */
const crowd = 25;

export async function measureCycles(image: string, eventLoops: number, viewers: number): Promise<Cycles> {
  const gateway = await startGateway({ image, eventLoops, core: cores.serving, media: filmFolder });
  const audience = new Audience(gateway, cores.receiving);
  const half = async () => {
    await audience.ask({
      do: 'cycle',
      viewers: crowd,
      sources: [{ file: films.opus }],
      times: viewers / 2,
    });
    await setTimeout(3000);
    const count = (what: string) => readdirSync(`/proc/${gateway.pid}/${what}`).length;
    return { memory: residentMemory(gateway.pid), threads: count('task'), descriptors: count('fd') };
  };
  try {
    const first = await half();
    const second = await half();
    return {
      viewers,
      growth: (1024 * (second.memory - first.memory)) / (viewers / 2),
      threads: [first.threads, second.threads],
      descriptors: [first.descriptors, second.descriptors],
    };
  } finally {
    await audience.end();
    await gateway.stop();
  }
}
