/** The headless viewers: a Go program (bench/receiver) that is told what to do on its standard input. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { $ } from 'zx';
import { cacheFolder, projectFolder } from '../scripts/lib/paths.ts';
import { Failure } from '../scripts/lib/steps.ts';
import { findGo } from '../toolchain/build.ts';
import type { Gateway } from './gateway.ts';
import { mayPrefer, preference } from './processor.ts';

export interface Source {
  file?: string;
  mountpoint?: number;
}

/** What came in while it was counted; `late` is how much later than the earliest frames came, in milliseconds. */
export interface Received {
  viewers: number;
  seconds: number;
  silent: number;
  video: { packets: number; lost: number; bytes: number };
  audio: { packets: number; lost: number; bytes: number };
  lateP50: number;
  lateP99: number;
  lateMax: number;
}

const program = join(cacheFolder, 'bench', 'receiver');

const command = (core: number, args: string[]): string[] => [
  ...(mayPrefer ? ['nice', '-n', `${-preference}`] : []),
  ...['taskset', '-c', String(core), program, ...args],
];

/** Builds the receiver with the machine's Go. */
export async function buildReceiver(): Promise<void> {
  const environment = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly' };
  const go = await findGo(environment);
  const cwd = join(projectFolder, 'bench/receiver');
  await $({ quiet: true, cwd, env: environment })`${go} build -trimpath -o ${program} .`;
}

/** Viewers of one gateway, on processor `core`. */
export class Audience {
  readonly pid: number;
  readonly #process: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(gateway: Gateway, core: number) {
    const args = ['-gateway', gateway.url, '-address', gateway.address];
    const [first, ...others] = command(core, args);
    this.#process = spawn(first, others, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.pid = this.#process.pid ?? 0;
    this.#answers = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream })[
      Symbol.asyncIterator
    ]();
  }

  /** Has a command carried out. @throws Failure with what the receiver says of it. */
  async ask<Answer>(command: object): Promise<Answer> {
    this.#process.stdin?.write(`${JSON.stringify(command)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Failure('The receiver has ended; its last words are above.');
    const answer = JSON.parse(value) as Answer & { error?: string };
    if (answer.error !== undefined) throw new Failure(`The receiver: ${answer.error}.`);
    return answer;
  }

  /** Ends the viewers and the receiver. */
  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.stdin?.end();
    if (this.#process.exitCode === null) await ended;
  }
}

/** Sends a recording to two ports of loopback again and again, on processor `core`. */
export function startReplay(
  recording: string,
  ports: { audio: number; video: number },
  core: number,
): ChildProcess {
  const to = ['-audio', `127.0.0.1:${ports.audio}`, '-video', `127.0.0.1:${ports.video}`];
  const [first, ...others] = command(core, ['-replay', recording, ...to]);
  return spawn(first, others, { stdio: ['ignore', 'ignore', 'inherit'] });
}
