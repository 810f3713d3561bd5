/**
 * What holds of a channel and a playback, whatever gateway they speak to. It needs no test framework: the same runs
 * here against the gateway in memory, and in a browser against a deployed one.
 */
import { Channel, type ChannelOptions } from '../../src/core/channel.ts';
import { PlayError } from '../../src/core/errors.ts';
import type { Gateway } from '../../src/core/gateway.ts';
import { Playback } from '../../src/core/playback.ts';

export interface World {
  gateway: Gateway;
  server: string;
  /** Where no gateway answers. */
  nowhere: string;
  /** Films of more than ten seconds. */
  film: string;
  other: string;
  /** Has the film that plays come to its end, where it does not by itself. */
  end(): void;
  /** What still runs of connections that were made. */
  running(): string[];
}

export type Check = (world: World) => Promise<void>;

export const contract: Record<string, Check> = {
  'a channel goes from state to state, and opens again after it was closed': async (world) => {
    await using link = connect(world);
    await link.channel.open();
    same(link.states, ['connected', 'attached', 'webrtcUp']);
    await link.channel.close();
    await link.channel.open();
    same(link.states.slice(3), ['closed', 'initialized', 'connected', 'attached', 'webrtcUp']);
  },

  'files can be asked about before there are media': async (world) => {
    await using link = connect(world);
    await link.channel.attach();
    same((await link.playback.probe(world.film)).playable, true);
    same((await link.playback.probe('none.mp4')).playable, false);
    const { files } = await link.playback.list();
    same(
      files.some(({ name, playable }) => name === world.film && playable),
      true,
    );
    same(await codeOf(link.playback.list('no-folder')), 'no-such-file');
    same(link.channel.state, 'attached');
  },

  'a film plays, pauses, goes on and stops': async (world) => {
    await using link = connect(world);
    const states: string[] = [];
    link.playback.on('state', ({ state }) => states.push(state));
    await link.channel.open();
    await link.playback.play(world.film);
    same(link.playback.file, world.film);
    await link.playback.pause();
    await link.playback.resume();
    await link.playback.stop();
    same(states, ['going', 'paused', 'going', 'ready']);
    same(link.playback.file, undefined);
  },

  'it begins where it is told to, and is sought in while it goes and while it is paused': async (world) => {
    await using link = connect(world);
    await link.channel.open();
    await link.playback.play(world.film, { start: 6 });
    near(link.playback.position, 6);
    near((await link.playback.seek(3, { accurate: true })).position, 3);
    near(link.playback.position, 3);
    await link.playback.pause();
    await link.playback.seek(8, { accurate: true });
    near(link.playback.position, 8);
    same(link.playback.state, 'paused');
  },

  'another film takes the place of one, and a list goes on to its next': async (world) => {
    await using link = connect(world);
    await link.channel.open();
    await link.playback.play(world.film, { loop: true });
    same(link.playback.loop, true);
    await link.playback.play([world.film, world.other], { item: 1 });
    same(link.playback.file, world.other);
    same(link.playback.loop, false);
  },

  'the end of a film is told': async (world) => {
    await using link = connect(world);
    await link.channel.open();
    const { duration = 0 } = await playable(link.playback, world.film);
    await link.playback.play(world.film, { start: duration - 0.5 });
    // Until then, an end may be that of what played before.
    await sleep(500);
    const ended = link.playback.next('ended', AbortSignal.timeout(5000));
    world.end();
    same((await ended).file, world.film);
    if (link.playback.state !== 'ready') await link.playback.next('state', AbortSignal.timeout(5000));
    same(link.playback.state, 'ready');
  },

  'what makes no sense is refused, with a code that says why': async (world) => {
    await using link = connect(world);
    same(await codeOf(link.channel.request({ request: 'ping' })), 'wrong-state');
    await link.channel.open();
    same(await codeOf(link.playback.seek(1)), 'wrong-state');
    same(await codeOf(link.playback.play('none.mp4')), 'no-such-file');
    same(link.playback.state, 'ready');
    same(link.channel.state, 'webrtcUp');
  },

  'a server that is not there is said to be so': async (world) => {
    await using link = connect(world, { server: world.nowhere });
    same(await codeOf(link.channel.open()), 'unreachable');
    same(link.channel.state, 'failed');
  },

  'what waits settles when the channel is closed': async (world) => {
    await using link = connect(world);
    const opened = codeOf(link.channel.open());
    await link.channel.close();
    same(await opened, 'closed');
    await link.channel.open();
    const played = codeOf(link.playback.play(world.film));
    await link.channel.close();
    // It may not have been sent by then, or answered.
    same(['wrong-state', 'closed', undefined].includes(await played), true);
  },

  'what is disposed of leaves nothing running, at whatever time': async (world) => {
    const moments: Record<string, (link: Link) => unknown> = {
      'before it is opened': () => undefined,
      'while it opens': ({ channel }) => void codeOf(channel.open()),
      'when it is attached': ({ channel }) => channel.attach(),
      'while media find their way': async ({ channel }) => {
        await channel.attach();
        void codeOf(channel.open());
      },
      'while a film plays': async ({ channel, playback }) => {
        await channel.open();
        await playback.play(world.film);
      },
      'after it failed': ({ channel }) => codeOf(channel.open()),
    };
    for (const [moment, reach] of Object.entries(moments)) {
      const link = connect(world, moment === 'after it failed' ? { server: world.nowhere } : {});
      await reach(link);
      let heard = 0;
      link.channel.on('state', () => heard++);
      link.playback.on('status', () => heard++);
      await link[Symbol.asyncDispose]();
      const then = heard;
      await sleep(50);
      same([moment, heard, world.running()], [moment, then, []]);
    }
  },
};

/** Runs a check; it is given up when a promise does not settle within the longest time that all of them have. */
export async function holds(check: Check, world: World): Promise<void> {
  const limit = AbortSignal.timeout(30_000);
  await Promise.race([
    check(world),
    new Promise((_, reject) => limit.addEventListener('abort', () => reject(limit.reason))),
  ]);
}

interface Link extends AsyncDisposable {
  channel: Channel;
  playback: Playback;
  states: string[];
}

function connect({ gateway, server }: World, options: Partial<ChannelOptions> = {}): Link {
  const channel = new Channel({ gateway, server, ...options });
  const playback = new Playback(channel);
  const states: string[] = [];
  channel.on('state', ({ state }) => states.push(state));
  return {
    channel,
    playback,
    states,
    async [Symbol.asyncDispose]() {
      playback.dispose();
      await channel.dispose();
    },
  };
}

async function playable(playback: Playback, file: string): Promise<{ duration?: number }> {
  const probe = await playback.probe(file);
  if (!probe.playable) throw new Error(`${file} cannot be played`);
  return probe;
}

/** What a promise rejects with; none if it does not. */
async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error instanceof PlayError ? error.code : String(error);
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function same(found: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`it is ${a} and not ${b}`);
}

/** Within what a busy machine takes to say it, in seconds. */
function near(found: number, expected: number): void {
  if (Math.abs(found - expected) > 1) throw new Error(`it is ${found} and not about ${expected}`);
}
