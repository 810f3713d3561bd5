/**
 * A door by ssh to this machine's own engine: a container with sshd, docker and the engine's socket. To who deploys, the
 * engine is another machine's; the images that are built on it are at hand all the same.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { $ } from 'zx';
import { serverImage } from './server.ts';
import { slot } from './slot.ts';
import { ensureSshTools, SshClient } from './ssh-client.ts';

const name = `janus-ssh-door-${slot}`;
/** The same in every run: a state remembers it. */
const port = 31_022 - 1000 * slot;

export const dockerHost = `ssh://root@127.0.0.1:${port}`;

const script = [
  'mkdir -p /run/sshd /root/.ssh',
  'echo "$KEY" > /root/.ssh/authorized_keys',
  'ssh-keygen -q -A',
  `exec /usr/sbin/sshd -D -e -p ${port} -o ListenAddress=127.0.0.1`,
].join(' && ');

/** Opens it, and has `ssh` go through it. */
export async function openSshDoor(): Promise<AsyncDisposable> {
  await ensureSshTools();
  const folder = mkdtempSync(join(tmpdir(), 'janus-deploy-ssh-door-'));
  const client = await SshClient.make(join(folder, 'ssh'));
  const engine = $({ quiet: true });
  const docker = (await engine`command -v docker`).stdout.trim();
  const volumes = [
    '--volume',
    `${docker}:/usr/bin/docker:ro`,
    '--volume',
    '/run/docker.sock:/run/docker.sock',
  ];
  const image = await serverImage();
  // What a killed run left.
  await engine({ nothrow: true })`docker rm --force ${name}`;
  await engine`docker run --detach --name ${name} --network host ${volumes} --env KEY=${client.publicKey} ${image} sh -c ${script}`;
  const { PATH } = process.env;
  process.env.PATH = `${client.path}:${PATH}`;
  for (const deadline = Date.now() + 30_000; ; await setTimeout(100)) {
    const hostKey = await engine({
      nothrow: true,
    })`docker exec ${name} cat /etc/ssh/ssh_host_ed25519_key.pub`;
    client.know(`[127.0.0.1]:${port}`, hostKey.stdout);
    const answered = await engine({ nothrow: true })`ssh -p ${port} root@127.0.0.1 docker version`;
    if (answered.exitCode === 0) break;
    if (Date.now() > deadline) throw new Error(`The door by ssh does not open: ${answered.stderr}`);
  }
  return {
    async [Symbol.asyncDispose]() {
      process.env.PATH = PATH;
      await engine`docker rm --force ${name}`;
      rmSync(folder, { recursive: true });
    },
  };
}
