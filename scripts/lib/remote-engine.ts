/** The engine of another machine: found, else installed and started there, by ssh alone. */
import { setTimeout } from 'node:timers/promises';
import { installCommands } from './engine.ts';
import { disconnect, onMachine } from './ssh.ts';
import { Failure } from './steps.ts';

const packages = ['docker.io', 'iptables'];

/** What the machine says of its engine, and of what may be done there. */
interface Found {
  /** Version of the engine that answers, or the docker command's complaint. */
  engine: string;
  docker: 'yes' | 'no';
  user: string;
  /** What commands of root's are begun with; undefined where the user may run none. */
  root?: string;
  /** Whether it has Debian's package manager. */
  apt: 'yes' | 'no';
}

const question = `
docker=no; command -v docker >/dev/null && docker=yes
apt=no; command -v apt-get >/dev/null && apt=yes
root=none; [ "$(id -u)" = 0 ] && root= ; [ "$root" = none ] && sudo -n true 2>/dev/null && root='sudo -n '
echo "docker=$docker"; echo "apt=$apt"; echo "user=$(id -un)"
[ "$root" = none ] || echo "root=$root"
[ $docker = no ] || echo "engine=$(docker version --format '{{.Server.Version}}' 2>&1 | tail -n 1)"
`;

async function ask(dockerHost: string): Promise<Found> {
  const { said } = await onMachine(dockerHost, question);
  const fields = Object.fromEntries(said.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)));
  return { engine: '', ...fields } as Found;
}

const answers = ({ engine }: Found): boolean => /^\d/.test(engine);

/** By the service manager, or without one, as in a container, as a process of its own. */
const start = (root: string): string =>
  [
    `${root}systemctl enable --now docker`,
    `${root}service docker start </dev/null >/dev/null`,
    `${root}sh -c 'setsid dockerd </dev/null >/var/log/dockerd.log 2>&1 &'`,
  ].join(' || ');

/**
 * Makes sure an engine answers there. Debian's is installed where there is none, by root or sudo.
 * @param announce is told what is about to be done to the machine
 * @returns how it was had, for the step's line
 * @throws Failure that says what is missing and what to do
 */
export async function ensureRemoteEngine(
  dockerHost: string,
  announce: (what: string) => void,
): Promise<string> {
  const found = await ask(dockerHost);
  if (answers(found)) return `${found.engine} at ${dockerHost}, running`;
  const { user, root } = found;
  if (/permission denied/i.test(found.engine)) {
    throw new Failure(
      `User ${user} may not use Docker at ${dockerHost}; run \`usermod -aG docker ${user}\` there as root, or log in as root.`,
    );
  }
  const install = found.docker === 'no';
  const advice = install
    ? `\`apt-get install ${packages.join(' ')}\` there as root on Debian, or Docker's own installation elsewhere`
    : '`systemctl start docker` there as root';
  if (root === undefined || (install && found.apt === 'no')) {
    throw new Failure(
      `${dockerHost} has ${install ? 'no Docker' : 'Docker, which does not run'}, and ${
        root === undefined
          ? `user ${user} is neither root nor may use sudo without a password`
          : 'it is no Debian'
      }; run ${advice}.`,
    );
  }
  if (install) {
    announce(`installing Docker at ${dockerHost} from its distribution's packages (${packages.join(', ')})`);
    const commands = installCommands(packages).map(
      (command) => `${root}env DEBIAN_FRONTEND=noninteractive ${command.join(' ')} </dev/null`,
    );
    const { exitCode, said } = await onMachine(dockerHost, `set -e\n${commands.join('\n')}`);
    if (exitCode !== 0) {
      throw new Failure(
        `Docker could not be installed at ${dockerHost} (${said.split('\n').at(-1)}); mend that there, or run ${advice}.`,
      );
    }
    if (root !== '') {
      await onMachine(dockerHost, `${root}usermod -aG docker ${user}`);
      // Who logs in from now on is of the group.
      disconnect(dockerHost);
    }
  }
  await onMachine(dockerHost, start(root));
  for (let attempt = 0; attempt < 30; attempt++) {
    const now = await ask(dockerHost);
    if (answers(now)) return `${now.engine} at ${dockerHost}, ${install ? 'installed there' : 'started'}`;
    await setTimeout(1000);
  }
  throw new Failure(
    `The engine at ${dockerHost} did not answer within 30 s of its start; see its log there.`,
  );
}
