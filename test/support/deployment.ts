/**
 * A deployment of the tests: a copy of the project with a stack, state and ports of its own, driven by the same
 * commands that people run, so that it never touches one that serves.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { stringify } from 'yaml';
import { $, type ProcessOutput } from 'zx';
import { cacheFolder, samplesFolder } from '../../scripts/lib/paths.ts';
import type { Status } from '../../scripts/lib/status.ts';
import { copyCheckout } from './checkout.ts';
import { slot } from './slot.ts';

/** Samples that all tests share; `npm test` makes them. */
export const mediaFolder = samplesFolder;

/** What keeps the ports of a test run apart from a deployment that serves on the default ones and from other runs. */
function portsOf(slot: number) {
  const first = 31_000 - 1000 * slot;
  const media = 22_000 + 1000 * slot;
  return {
    playerPort: first + 443,
    demosPort: first + 444,
    apiHttpPort: first + 88,
    apiHttpsPort: first + 89,
    turnPort: first + 478,
    turnTlsPort: first + 349,
    gatewayPort: first + 188,
    turnLoopbackPort: first + 479,
    metricsPort: first + 464,
    prometheusPort: first + 90,
    grafanaPort: first + 300,
    rtpPorts: `${media}-${media + 499}`,
    relayPorts: `${media + 500}-${media + 999}`,
  };
}
type Ports = ReturnType<typeof portsOf>;

export class Deployment {
  readonly folder: string;
  readonly stack: string;
  readonly ports: Ports;
  /** Where the deployment is reached from this machine. */
  readonly host = '127.0.0.1';

  /** @param stack name that no other test uses, so that what one leaves does not disturb another */
  constructor(stack: string, config: Record<string, string | number> = {}) {
    this.stack = `${stack}-${slot}`;
    this.ports = portsOf(slot);
    this.folder = mkdtempSync(join(tmpdir(), `janus-deploy-${this.stack}-`));
    this.configure(config);
  }

  /** Copies what git knows or would add; packages are shared. */
  async prepare(): Promise<this> {
    await copyCheckout(this.folder);
    return this;
  }

  /** Writes the stack's config file: the tests' ports and media, and `config` over them. */
  configure(config: Record<string, string | number>): void {
    const all = { ...this.ports, mediaFolder, ...config };
    const named = Object.fromEntries(
      Object.entries(all).map(([key, value]) => [`janus-deploy:${key}`, value]),
    );
    writeFileSync(join(this.folder, `Pulumi.${this.stack}.yaml`), stringify({ config: named }));
  }

  url(port: keyof Ports, path: string, protocol = 'https'): string {
    return `${protocol}://${this.host}:${this.ports[port]}${path}`;
  }

  /** Runs `npm run <verb> -- --stack …`; does not throw, the caller looks at exit code and output. */
  async run(verb: string, ...args: string[]): Promise<ProcessOutput> {
    return $({
      quiet: true,
      nothrow: true,
      cwd: this.folder,
      env: this.environment,
    })`node scripts/run.mjs ${verb} ${args} --stack ${this.stack}`;
  }

  /** Starts `npm run <verb> -- --stack …`, which goes on until it is ended; its lines are gathered as they come. */
  start(verb: string, ...args: string[]): { lines: string[]; end: () => void } {
    const running = spawn('node', ['scripts/run.mjs', verb, ...args, '--stack', this.stack], {
      cwd: this.folder,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const lines: string[] = [];
    for (const input of [running.stdout, running.stderr]) {
      createInterface({ input }).on('line', (line) => lines.push(line));
    }
    // The verb, and the Node that runs it.
    const end = () => {
      if (running.exitCode === null) process.kill(-(running.pid as number), 'SIGTERM');
    };
    return { lines, end };
  }

  /** Deploys and fails the test with what was printed when that fails. */
  async up(): Promise<string> {
    const ended = await this.run('up');
    if (ended.exitCode !== 0) throw new Error(ended.stdout + ended.stderr);
    return ended.stdout;
  }

  /** What `npm run status -- --json` tells. */
  async status(): Promise<Status> {
    const ended = await this.run('status', '--json');
    if (ended.exitCode !== 0) throw new Error(ended.stdout + ended.stderr);
    return JSON.parse(ended.stdout) as Status;
  }

  /** The same as soon as every service is healthy: the engine looks at a new one some time after `up` has ended. */
  async healthyStatus(): Promise<Status> {
    for (const deadline = Date.now() + 60_000; ; await setTimeout(500)) {
      const status = await this.status();
      const others = status.services.filter(({ health }) => health !== 'healthy');
      if (others.length === 0) return status;
      if (Date.now() > deadline) throw new Error(`Not healthy after a minute: ${JSON.stringify(others)}`);
    }
  }

  /** Deploys where nothing is left of an earlier run. */
  async deployAnew(): Promise<this> {
    await this.prepare();
    await this.run('down');
    await this.up();
    return this;
  }

  /** Certificate of the authority that signed what the deployment serves. */
  get authority(): string {
    return join(this.stateHome, 'janus-deploy', 'certificates', 'ca.pem');
  }

  /** Of every command on the deployment. */
  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, XDG_STATE_HOME: this.stateHome, NO_COLOR: '1' };
  }

  /** Kept between runs: what a killed test run left is found and removed by the next. */
  private get stateHome(): string {
    return join(cacheFolder, 'test-state', this.stack);
  }

  /** Names of what is on the engine for this stack. */
  async onEngine(): Promise<string[]> {
    const filter = `name=janus-deploy-${this.stack}`;
    const listed = await Promise.all([
      $({ quiet: true })`docker ps --all --filter ${filter} --format {{.Names}}`,
      $({ quiet: true })`docker volume ls --filter ${filter} --format {{.Name}}`,
      $({ quiet: true })`docker network ls --filter ${filter} --format {{.Name}}`,
    ]);
    return listed.flatMap(({ stdout }) => stdout.split('\n').filter((line) => line !== ''));
  }

  /** Removes from the engine what a killed run left, where the state that knew it is gone. */
  async clear(): Promise<void> {
    const engine = $({ quiet: true, nothrow: true });
    const names = await this.onEngine();
    if (names.length === 0) return;
    await engine`docker rm --force --volumes ${names}`;
    await engine`docker volume rm ${names}`;
  }

  /** Takes the deployment down and removes the copy. */
  async remove(): Promise<void> {
    const ended = await this.run('down');
    rmSync(this.folder, { recursive: true, force: true });
    if (ended.exitCode !== 0) throw new Error(ended.stdout + ended.stderr);
  }
}
