/** The ways of serving a film to viewers that are compared. */
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { $ } from 'zx';
import { ensureMediaImage } from '../scripts/lib/media-tools.ts';
import { filmFolder, films, otherFilm } from './films.ts';
import type { Gateway } from './gateway.ts';
import { type Audience, type Source, startReplay } from './receiver.ts';

/** Mountpoints take two ports each from here on; their numbers begin above those of the gateway's own. */
const firstPort = 18_000;
const firstMountpoint = 100;
const portsOf = (number: number) => ({
  audio: firstPort + 2 * number,
  video: firstPort + 2 * number + 1,
});

/** The processors of a run: one for what serves, one for what watches. */
export const cores = { serving: 0, receiving: 1 };

/** A way of serving, while it is measured. */
export interface Service {
  sources: Source[];
  /** Processes that serve beside the gateway, and whose cost is counted. */
  helpers?(): Promise<number[]>;
  /** Called before viewers come: starts what has to run for that many. */
  provide?(viewers: number): Promise<void>;
  /** Ends what was started. */
  end?(): Promise<unknown>;
}

export interface Way {
  title: string;
  /** No more viewers than this are tried. */
  most: number;
  serve(gateway: Gateway, audience: Audience, scratch: string): Promise<Service>;
}

const play = (sources: Source[]): Service => ({ sources });

/** How many different films there are. */
export const differentFilms = 100;

/** Seconds of the recording that the relay repeats. */
const recorded = 20;

async function relay(gateway: Gateway, audience: Audience, scratch: string): Promise<Service> {
  const recording = `${scratch}/packets`;
  if (!existsSync(recording))
    await audience.ask({
      do: 'record',
      sources: [{ file: films.aac }],
      seconds: recorded,
      output: recording,
    });
  await gateway.createMountpoint(firstMountpoint, portsOf(0));
  // The sender is no part of what serves: it stands for the camera or the studio.
  const sender = startReplay(recording, portsOf(0), cores.receiving);
  return { sources: [{ mountpoint: firstMountpoint }], end: async () => sender.kill() };
}

/** One ffmpeg a viewer, as they are started by hand: real time, pictures copied. All of them in one container. */
function ffmpeg(film: string, sound: string[]): Way['serve'] {
  const command = ({ audio, video }: { audio: number; video: number }): string[] => [
    ...['ffmpeg', '-loglevel', 'error', '-nostdin', '-re', '-stream_loop', '-1', '-i', `/films/${film}`],
    ...['-map', '0:v', '-codec:v', 'copy', '-f', 'rtp', `rtp://127.0.0.1:${video}?pkt_size=1200`],
    ...['-map', '0:a', ...sound, '-f', 'rtp', `rtp://127.0.0.1:${audio}?pkt_size=1200`],
  ];
  return async (gateway) => {
    const image = await ensureMediaImage();
    const placed = [
      '--network',
      'host',
      '--cpuset-cpus',
      cores.serving,
      '--volume',
      `${filmFolder}:/films:ro`,
    ];
    const started = await $({
      quiet: true,
    })`docker run --detach --rm --init ${placed} --entrypoint sleep ${image} infinity`;
    const container = started.stdout.trim();
    const sources: Source[] = [];
    return {
      sources,
      async helpers() {
        const { stdout } = await $({ quiet: true })`docker top ${container} -o pid,comm`;
        return [...stdout.matchAll(/^(\d+) +ffmpeg/gm)].map(([, pid]) => Number(pid));
      },
      async provide(viewers) {
        for (let number = sources.length; number < viewers; number++) {
          await gateway.createMountpoint(firstMountpoint + number, portsOf(number));
          sources.push({ mountpoint: firstMountpoint + number });
          await $({ quiet: true })`docker exec --detach ${container} ${command(portsOf(number))}`;
        }
        await setTimeout(1000);
      },
      end: () => $({ quiet: true, nothrow: true })`docker rm --force ${container}`,
    };
  };
}

const opusEncoder = ['-codec:a', 'libopus', '-b:a', '128k'];

export const ways = {
  play: { title: 'play plugin, one film', most: Infinity, serve: async () => play([{ file: films.aac }]) },
  films: {
    title: 'play plugin, different films',
    most: differentFilms,
    serve: async () =>
      play(Array.from({ length: differentFilms }, (_, number) => ({ file: otherFilm(number) }))),
  },
  relay: { title: 'relay of one shared stream', most: Infinity, serve: relay },
  copy: {
    title: 'one ffmpeg a viewer, audio copied',
    most: 200,
    serve: ffmpeg(films.opus, ['-codec:a', 'copy']),
  },
  transcode: {
    title: 'one ffmpeg a viewer, audio transcoded',
    most: 200,
    serve: ffmpeg(films.aac, opusEncoder),
  },
} satisfies Record<string, Way>;

export type WayName = keyof typeof ways;
