/** What the plugin itself costs, without Janus and without a network: tests/figures.c of the plugin, built here. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx';
import { cacheFolder, projectFolder } from '../scripts/lib/paths.ts';
import { cores } from './ways.ts';

/** Times in milliseconds. */
export interface Figures {
  /** By how much later or earlier than due 100 viewers' packets are handed over, their starts spread over a GOP or all at once. */
  pacing: { spread: Deviation; inPhase: Deviation };
  /** Opening a film of two hours. */
  open: { first: number; whilePlayed: number; afterClosed: number };
  /** Probing a folder of 1,000 films. */
  probe: { first: number; again: number };
  /** Bytes of memory that a further viewer at the same place of the same film takes. */
  memory: number;
  /** Instructions of the plugin for a packet, by callgrind; undefined without it. */
  instructions?: number;
}

interface Deviation {
  p50: number;
  p99: number;
  max: number;
}

const libraries = 'glib-2.0 jansson libavformat libavcodec libavutil libswresample opus'.split(' ');

/** Builds the program and runs it on the processor that serves. @throws when a compiler or a library is not there. */
export async function measureFigures(): Promise<Figures> {
  const plugin = join(projectFolder, 'janus-plugins/play');
  const program = join(cacheFolder, 'bench', 'figures');
  await mkdir(join(cacheFolder, 'bench'), { recursive: true });
  const flags = (await $({ quiet: true })`pkg-config --cflags --libs ${libraries}`).stdout
    .trim()
    .split(/\s+/);
  const sources = ['tests/figures.c', 'tests/support/media.c'];
  await $({
    quiet: true,
    cwd: plugin,
  })`cc -std=gnu11 -D_GNU_SOURCE -O2 -pthread -o ${program} ${sources} ${flags} -lm`;
  const printed = (await $({ quiet: true })`taskset -c ${cores.serving} ${program}`).stdout;
  const figure = (name: string) =>
    JSON.parse(printed.split('\n').find((line) => line.includes(`"${name}"`)) ?? '{}');
  return {
    pacing: { spread: figure('pacing, starts spread'), inPhase: figure('pacing, in phase') },
    open: figure('open'),
    probe: figure('probe'),
    memory: figure('memory').bytes,
    instructions: await countInstructions(program),
  };
}

async function countInstructions(program: string): Promise<number | undefined> {
  const counted = await $({
    quiet: true,
    nothrow: true,
  })`valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=session_advance ${program} packets`;
  const sent = Number(/"sent": (\d+)/.exec(counted.stdout)?.[1]);
  const instructions = Number(/Collected : (\d+)/.exec(counted.stderr)?.[1]);
  return sent > 0 && instructions > 0 ? instructions / sent : undefined;
}
