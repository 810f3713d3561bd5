/** How long a viewer waits who begins near the end of a long film that nobody has opened yet. */
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx';
import { ensureLongFilm, filmFolder, longFilm } from './films.ts';
import { startGateway } from './gateway.ts';
import { Audience } from './receiver.ts';
import { summary, type Waits } from './waits.ts';
import { cores } from './ways.ts';

export interface Unopened {
  picture: Waits;
  sound: Waits;
}

const rounds = 20;
/** 1:50:00. */
const position = 6600;

export async function measureUnopened(image: string, eventLoops: number): Promise<Unopened> {
  await ensureLongFilm();
  const gateway = await startGateway({ image, eventLoops, core: cores.serving, media: filmFolder });
  const audience = new Audience(gateway, cores.receiving);
  try {
    const waits: { picture: number; sound: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      await forget(join(filmFolder, longFilm.name), round);
      waits.push(await audience.ask({ do: 'start', sources: [{ file: longFilm.name }], seconds: position }));
    }
    return {
      picture: summary(waits.map(({ picture }) => picture)),
      sound: summary(waits.map(({ sound }) => sound)),
    };
  } finally {
    await audience.end();
    await gateway.stop();
  }
}

/** Makes another file of it, of which nothing is known and nothing is in the page cache. */
async function forget(file: string, round: number): Promise<void> {
  const time = new Date(1e12 + 1000 * round);
  await utimes(file, time, time);
  await $({ quiet: true })`dd if=${file} iflag=nocache count=0`;
}
