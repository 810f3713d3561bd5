/** The way to an engine on another machine: one ssh connection that everything shares, and what its errors mean. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { which } from 'zx';
import { $ } from './command.ts';
import { Failure } from './steps.ts';

/** Seconds after which an unused connection ends by itself, when the run that made it was killed. */
const idle = 60;

let reached = '';
/** What the environment named before. */
const { DOCKER_HOST: own, PATH: ownPath = '' } = process.env;
/** Folders with an `ssh` of ours are named so, those of a command that runs this one too. */
const prefix = 'janus-deploy-ssh-';
const isOurs = (folder: string): boolean => basename(folder).startsWith(prefix);

/**
 * Has docker commands, those of Pulumi's plugins too, reach the engine `dockerHost` (ssh://user@host:port); when it is
 * empty, the one that they reach by themselves. Docker logs in anew for each of its connections, so a folder that is
 * first on PATH has an `ssh` that hands them on to one connection, and asks no questions that nobody would see. Both
 * end with this process.
 */
export async function reachEngine(dockerHost: string): Promise<void> {
  if (dockerHost === reached) return;
  reached = dockerHost;
  if (dockerHost === '') {
    if (own === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = own;
    return;
  }
  process.env.DOCKER_HOST = dockerHost;
  const path = ownPath.split(delimiter);
  // The command that runs this program has the connection, and ends it.
  if (own === dockerHost && path.some(isOurs)) return;
  const others = path.filter((folder) => !isOurs(folder)).join(delimiter);
  const real = await which('ssh', { nothrow: true, path: others });
  if (real === null) {
    throw new Failure(
      `dockerHost is ${dockerHost}, and there is no ssh command here; install OpenSSH's client.`,
    );
  }
  // Windows' ssh cannot share a connection.
  if (process.platform === 'win32') return;
  const folder = mkdtempSync(join(tmpdir(), prefix));
  const settings = [
    'BatchMode=yes',
    'ConnectTimeout=15',
    'ServerAliveInterval=15',
    'ControlMaster=auto',
    `ControlPath=${folder}/connection`,
    `ControlPersist=${idle}`,
  ].flatMap((setting) => ['-o', `'${setting}'`]);
  writeFileSync(join(folder, 'ssh'), `#!/bin/sh\nexec '${real}' ${settings.join(' ')} "$@"\n`, {
    mode: 0o700,
  });
  process.env.PATH = `${folder}${delimiter}${process.env.PATH}`;
  process.once('exit', () => {
    disconnect(dockerHost);
    rmSync(folder, { recursive: true, force: true });
  });
}

/** Ends the shared connection; what comes next logs in anew. */
export function disconnect(dockerHost: string): void {
  spawnSync('ssh', ['-O', 'exit', ...destination(dockerHost)], { stdio: 'ignore' });
}

/** The parts of ssh://user@host:port as ssh's arguments. */
function destination(dockerHost: string): string[] {
  const { username, hostname, port } = new URL(dockerHost);
  return [...(port === '' ? [] : ['-p', port]), ...(username === '' ? [] : ['-l', username]), '--', hostname];
}

/** The command line that a person would log in by. */
const login = (dockerHost: string): string => `ssh ${destination(dockerHost).join(' ').replace('-- ', '')}`;

/**
 * Runs a script by the shell of the engine's machine.
 * @returns how it ended, with what it printed on both outputs
 * @throws Failure that says why the machine cannot be reached and what to do
 */
export async function onMachine(
  dockerHost: string,
  script: string,
): Promise<{ exitCode: number; said: string }> {
  const ended = await $({
    quiet: true,
    nothrow: true,
    input: `exec 2>&1\n${script}\n`,
  })`ssh -T ${destination(dockerHost)} sh -s`;
  // ssh's own failures; whatever a script ends with is its own choice of less.
  if (ended.exitCode === 255) throw new Failure(unreachable(dockerHost, ended.stderr));
  return { exitCode: ended.exitCode ?? 1, said: ended.stdout.trim() };
}

/** What ssh's complaint means, in a sentence. */
export function unreachable(dockerHost: string, complaint: string): string {
  const lines = complaint.trim().split('\n');
  const said = lines.at(-1)?.trim() ?? '';
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(complaint)) {
    return `${dockerHost} shows another host key than the one that is known here; if the machine was installed anew, remove the old one (\`ssh-keygen -R\`) and log in once with \`${login(dockerHost)}\`, else do not go on.`;
  }
  if (/Host key verification failed/.test(complaint)) {
    return `The host key of ${dockerHost} is not known here; log in once with \`${login(dockerHost)}\`, compare the key that is shown with the machine's, and accept it.`;
  }
  if (/Permission denied/.test(complaint)) {
    return `${dockerHost} refuses the keys that ssh offers (${said}); let yours in with \`ssh-copy-id\`, or load it with \`ssh-add\`, until \`${login(dockerHost)}\` asks for no password.`;
  }
  return `${dockerHost} cannot be reached (${said || 'the connection broke'}); check the name and the port, that the machine is up and that its firewall lets ssh in.`;
}

/** The host's own name or address, where dockerHost has one that stands for it in ssh's configuration. */
export async function machineName(dockerHost: string): Promise<string> {
  const settings = await $({ quiet: true })`ssh -G ${destination(dockerHost)}`;
  return /^hostname (\S+)$/m.exec(settings.stdout)?.[1] ?? new URL(dockerHost).hostname;
}
