/**
 * The trial of a service's successor, run by its resource (infra/resources/trial.ts) before anything that serves is
 * touched: a container with the same image, user, limits and, on standard input, files, but without a network, has to
 * become healthy and to answer its probe. The container is removed however the trial ends.
 */
import { text } from 'node:stream/consumers';
import { type ContainerPlan, serviceUser } from '../../infra/plan/container.ts';
import { $ } from './command.ts';
import { whyUnhealthy } from './healthy.ts';
import { logEnd } from './log-end.ts';
import { signToken } from './token.ts';

/** What the resource passes in the environment variable TRIAL. */
export interface Trial extends ContainerPlan {
  /** Name of the container. */
  name: string;
  /** Of the deployment; by it a container is found that a killed run left. */
  label: { label: string; value: string };
  image: string;
  /** Whether the machine has IPv6 addresses, which services listen on. */
  ipv6: boolean;
  /** What viewers' tokens are signed with, where the probe needs one. */
  tokenSecret?: string;
}

/** Seconds that the probe's token is valid, for an engine whose clock differs from this machine's. */
const tokenLifetime = 600;

const engine = $({ quiet: true });

/** The service runs as it will, but for what a network or a name would take from the running one. */
const create = ({ name, label, image, ipv6, memory, processes, tmpfs, mounts, volumes }: Trial): string[] => [
  'create',
  ...['--name', name, '--label', `${label.label}=${label.value}`, '--network', 'none'],
  // The addresses that it is to listen on are the machine's, and not there.
  ...['--sysctl', 'net.ipv4.ip_nonlocal_bind=1'],
  ...(ipv6
    ? ['--sysctl', 'net.ipv6.conf.all.disable_ipv6=0', '--sysctl', 'net.ipv6.ip_nonlocal_bind=1']
    : []),
  ...['--user', `${serviceUser}:${serviceUser}`, '--read-only', '--init'],
  ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges:true'],
  ...['--memory', `${memory}m`, '--memory-swap', `${memory}m`, '--ulimit', `nproc=${processes}`],
  ...Object.entries(tmpfs).flatMap(([folder, settings]) => ['--tmpfs', `${folder}:${settings}`]),
  ...mounts.flatMap(({ type, source, target }) => [
    '--mount',
    `type=${type},source=${source},target=${target},readonly`,
  ]),
  // An anonymous one in place of each, removed with the container: what the running service keeps is left alone.
  ...['/config/current', ...Object.keys(volumes)].flatMap((folder) => ['--volume', folder]),
  image,
];

// The trial ends early then, but not without removing its container.
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interruption.abort());

/** Why the container does not serve, a clause; undefined when it does. */
async function failing(id: string, { healthcheck, probe, tokenSecret }: Trial): Promise<string | undefined> {
  const why = await whyUnhealthy(id, healthcheck, interruption.signal);
  if (why !== undefined || probe === undefined) return why;
  const expires = Math.floor(Date.now() / 1000) + tokenLifetime;
  const token = tokenSecret ? signToken({ media: ['/'], expires }, tokenSecret) : '';
  const probed = await engine({
    nothrow: true,
    // With its end of line: the probe waits for one.
    input: `${token}\n`,
  })`docker exec --interactive ${id} ${probe}`;
  return probed.exitCode === 0 ? undefined : `did not answer as it should (${probed.stdout.trim()})`;
}

async function attempt(trial: Trial, files: Buffer): Promise<string | undefined> {
  // What a killed run left.
  await engine({ nothrow: true })`docker rm --force --volumes ${trial.name}`;
  const id = (await engine`docker ${create(trial)}`).stdout.trim();
  try {
    await engine({ input: files })`docker cp - ${id}:/config/current`;
    await engine`docker start ${id}`;
    const why = await failing(id, trial);
    return why && `${trial.name} ${why}; what runs was left alone. The end of its log:\n${await logEnd(id)}`;
  } finally {
    // By its id: by now another run may have one of the name.
    await engine({ nothrow: true })`docker rm --force --volumes ${id}`;
  }
}

const trial: Trial = JSON.parse(process.env.TRIAL as string);
const problem = await attempt(trial, Buffer.from(await text(process.stdin), 'base64'));
if (problem !== undefined) {
  console.error(problem);
  process.exitCode = 1;
}
