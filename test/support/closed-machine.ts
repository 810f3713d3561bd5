/**
 * A machine on a network that leads nowhere: a network namespace with one address and no route out of it, with an
 * engine and folders of its own, in which nothing was ever downloaded or made.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { $, type ProcessOutput } from 'zx';
import { projectFolder } from '../../scripts/lib/paths.ts';
import { slot } from './slot.ts';

export class ClosedMachine implements AsyncDisposable {
  /** Of the ranges that are reserved for documentation. */
  readonly address = '192.0.2.10';
  readonly folder = mkdtempSync(join(tmpdir(), 'janus-deploy-closed-'));
  readonly #namespace = `janus-closed-${slot}`;
  #engine: ReturnType<typeof spawn> | undefined;

  async start(): Promise<void> {
    const host = $({ quiet: true });
    // What a killed run left.
    await host({ nothrow: true })`ip netns delete ${this.#namespace}`;
    await host`ip netns add ${this.#namespace}`;
    const inside = host({ prefix: `ip netns exec ${this.#namespace} ` });
    await inside`ip link set lo up`;
    await inside`ip link add lan0 type veth peer name lan1`;
    await inside`ip link set lan1 up`;
    await inside`ip address add ${this.address}/24 dev lan0`;
    await inside`ip link set lan0 up`;
    const log = openSync(join(this.folder, 'dockerd.log'), 'a');
    const own = ['--data-root', 'data', '--exec-root', 'exec', '--pidfile', 'pid'].map((argument) =>
      argument.startsWith('--') ? argument : join(this.folder, argument),
    );
    // Not by `ip netns exec`, which mounts another /sys, in which the engine finds no control groups.
    // What it mounts, even when it is killed, goes with its last process.
    const engine = ['unshare', '--mount', 'dockerd', ...own, '--host', this.#socket];
    this.#engine = spawn('nsenter', [...this.#enter, ...engine], { stdio: ['ignore', log, log] });
    closeSync(log);
    for (let attempt = 0; (await this.run('docker', 'info')).exitCode !== 0; attempt++) {
      if (attempt === 100 || this.#engine.exitCode !== null)
        throw new Error(readFileSync(join(this.folder, 'dockerd.log'), 'utf8'));
      await setTimeout(200);
    }
  }

  /** Runs a command on the machine; does not throw. */
  run(...command: string[]): Promise<ProcessOutput> {
    return $({
      quiet: true,
      nothrow: true,
      env: this.#environment,
      cwd: this.folder,
    })`nsenter ${this.#enter} ${command}`;
  }

  get #enter(): string[] {
    return [`--net=/var/run/netns/${this.#namespace}`];
  }

  get #socket(): string {
    return `unix://${join(this.folder, 'engine.sock')}`;
  }

  /** Nothing of this machine but its programs, without the packages of the checkout. */
  get #environment(): NodeJS.ProcessEnv {
    const path = (process.env.PATH ?? '').split(delimiter);
    return {
      PATH: path.filter((entry) => !entry.startsWith(projectFolder)).join(delimiter),
      HOME: join(this.folder, 'home'),
      DOCKER_HOST: this.#socket,
      NO_COLOR: '1',
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const engine = $({ quiet: true, nothrow: true, env: this.#environment });
    const containers = (await engine`docker ps --quiet`).stdout.trim();
    if (containers !== '') await engine`docker rm --force ${containers.split('\n')}`;
    if (this.#engine && this.#engine.exitCode === null) {
      const ended = once(this.#engine, 'exit');
      this.#engine.kill('SIGTERM');
      await ended;
    }
    await $({ quiet: true, nothrow: true })`ip netns delete ${this.#namespace}`;
    await rm(this.folder, { recursive: true, force: true, maxRetries: 20 });
  }
}
