/** An `ssh` of the tests: it has keys of its own, and knows those hosts alone that it is told of. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from 'zx';
import { aptInstall } from '../../scripts/lib/engine.ts';

export class SshClient {
  private readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @param folder that it makes for its files */
  static async make(folder: string): Promise<SshClient> {
    const client = new SshClient(folder);
    await client.makeFiles();
    return client;
  }

  /** A folder for PATH. */
  get path(): string {
    return join(this.folder, 'bin');
  }

  /** For the machines that are to let it in. */
  get publicKey(): string {
    return readFileSync(join(this.folder, 'key.pub'), 'utf8');
  }

  /** Has it know a machine. @param host as known_hosts names it */
  know(host: string, hostKey: string): void {
    writeFileSync(join(this.folder, 'known-hosts'), `${host} ${hostKey}`);
  }

  /** Has it offer another key, or know other hosts; as it was, when nothing is named. */
  configure({ key = 'key', knownHosts = 'known-hosts' } = {}): void {
    const settings = {
      IdentityFile: join(this.folder, key),
      IdentitiesOnly: 'yes',
      IdentityAgent: 'none',
      UserKnownHostsFile: join(this.folder, knownHosts),
      GlobalKnownHostsFile: 'none',
    };
    const lines = Object.entries(settings).map(([option, value]) => `  ${option} ${value}\n`);
    writeFileSync(join(this.folder, 'config'), `Host *\n${lines.join('')}`);
  }

  private async makeFiles(): Promise<void> {
    mkdirSync(this.path, { recursive: true });
    for (const key of ['key', 'other-key']) {
      await $({ quiet: true })`ssh-keygen -q -t ed25519 -N ${''} -f ${join(this.folder, key)}`;
    }
    writeFileSync(join(this.folder, 'no-known-hosts'), '');
    const real = (await $({ quiet: true })`command -v ssh`).stdout.trim();
    writeFileSync(join(this.path, 'ssh'), `#!/bin/sh\nexec ${real} -F ${this.folder}/config "$@"\n`, {
      mode: 0o755,
    });
    this.configure();
  }
}

/** What a machine that is reached by ssh is made with, where this one lacks it. */
export async function ensureSshTools(): Promise<void> {
  const missing = [];
  for (const [command, debian] of Object.entries({ ssh: 'openssh-client', ip: 'iproute2' })) {
    if ((await $({ quiet: true, nothrow: true })`command -v ${command}`).exitCode !== 0) missing.push(debian);
  }
  if (missing.length > 0) await aptInstall(missing);
}
