/**
 * Copies films and sound files to where a deployment plays them from, by containers on its engine. A file arrives
 * under the hash of its content and gets its name when all of it is there and has that hash; so a push that was
 * interrupted goes on where it was, and nobody ever plays half a film.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Mount } from '../../infra/plan/container.ts';
import { $ } from './command.ts';
import { inMedia, mediaContainer, mediaProblem } from './media-store.ts';
import { Failure } from './steps.ts';

/** A file of this machine, and its name below the media folder. */
export interface Outgoing {
  path: string;
  name: string;
}

/** Is told how far a file is, in bytes. */
export type Progress = (name: string, sent: number, size: number) => void;

export interface Pushed {
  sent: string[];
  /** What was there already, with the same content. */
  present: string[];
  bytes: number;
  /** Bytes that an earlier push had sent. */
  resumed: number;
}

/** Where files arrive: hidden, and so never listed or played. */
const arrivals = '.arriving';

/** Days that the beginning of a file is kept for the push that goes on with it. */
const keptDays = 7;

/** bytes of free room that are left to the machine. */
const reserve = 64 * 2 ** 20;

interface Prepared extends Outgoing {
  size: number;
  hash: string;
  /** What is there: bytes of an unfinished push, and the hash of what has its name. */
  arrived: number;
  there: string;
}

/**
 * @param image any of Debian's on the engine
 * @throws Failure that says what to do; what arrived is kept for the next push
 */
export async function pushMedia(
  mount: Mount,
  image: string,
  files: Outgoing[],
  progress: Progress,
): Promise<Pushed> {
  const prepared = await prepare(mount, image, files);
  const wanted = prepared.filter(({ hash, there }) => hash !== there);
  await checkRoom(mount, image, wanted);
  for (const file of wanted) await send(mount, image, file, progress);
  return {
    sent: wanted.map(({ name }) => name),
    present: prepared.filter(({ hash, there }) => hash === there).map(({ name }) => name),
    bytes: wanted.reduce((sum, { size, arrived }) => sum + size - arrived, 0),
    resumed: wanted.reduce((sum, { arrived }) => sum + arrived, 0),
  };
}

/** Compares what is here with what is there; only files of the same size are read there. */
async function prepare(mount: Mount, image: string, files: Outgoing[]): Promise<Prepared[]> {
  const here = [];
  for (const file of files) {
    const { size } = await stat(file.path);
    here.push({ ...file, size, hash: await hashOf(file.path) });
  }
  const script = `
    mkdir -p ${arrivals}
    find ${arrivals} -type f -mtime +${keptDays} -delete
    while [ $# -gt 0 ]; do
      arrived=0; [ ! -f ${arrivals}/"$2" ] || arrived=$(stat -c %s ${arrivals}/"$2")
      there=-; [ "$(stat -c %s -- "$1" 2>/dev/null)" != "$3" ] || there=$(sha256sum < "$1")
      echo "$arrived $there"
      shift 3
    done`;
  const args = here.flatMap(({ name, hash, size }) => [name, hash, String(size)]);
  const answers = (await inMedia(mount, image, script, { args })).trim().split('\n');
  return here.map((file, index) => {
    const [arrived, there] = answers[index].split(' ');
    return { ...file, arrived: Math.min(Number(arrived), file.size), there };
  });
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function checkRoom(mount: Mount, image: string, files: Prepared[]): Promise<void> {
  const needed = files.reduce((sum, { size, arrived }) => sum + size - arrived, 0);
  if (needed === 0) return;
  const [blocks, size] = (await inMedia(mount, image, "stat -f -c '%a %S' .")).trim().split(' ').map(Number);
  const free = blocks * size - reserve;
  if (needed <= free) return;
  const mebibytes = (bytes: number) => Math.floor(bytes / 2 ** 20);
  throw new Failure(
    `The media need ${mebibytes(needed)} MiB, and ${mount.source} on the engine has room for ${Math.max(0, mebibytes(free))}; free some there, or push fewer files.`,
  );
}

/**
 * Status of the script below when another push sends the same file, when less than the file arrived, which is kept,
 * and when what arrived is not the file.
 */
const busy = 75;
const broken = 74;
const damaged = 65;

/** Goes on with a file where an earlier push ended. */
const receive = `
  mkdir -p ${arrivals}
  exec 9>>${arrivals}/"$2"
  flock -n 9 || exit ${busy}
  cat >&9
  [ "$(stat -c %s ${arrivals}/"$2")" -ge "$3" ] || exit ${broken}
  [ "$(sha256sum < ${arrivals}/"$2")" = "$2  -" ] || { rm ${arrivals}/"$2"; exit ${damaged}; }
  case $1 in */*) mkdir -p -- "\${1%/*}";; esac
  chmod 644 ${arrivals}/"$2"
  sync ${arrivals}/"$2"
  mv -f -- ${arrivals}/"$2" "$1"`;

async function send(
  mount: Mount,
  image: string,
  { path, name, size, hash, arrived }: Prepared,
  progress: Progress,
): Promise<void> {
  const receiver = $({
    quiet: true,
    nothrow: true,
  })`docker run --rm --interactive ${mediaContainer(mount)} ${image} sh -euc ${receive} sh ${[name, hash, String(size)]}`;
  let sent = arrived;
  const counted = async function* () {
    if (arrived === size) return;
    for await (const chunk of createReadStream(path, { start: arrived })) {
      yield chunk;
      sent += chunk.length;
      progress(name, sent, size);
    }
  };
  // A receiver that ended says by its status why.
  await pipeline(counted, receiver.stdin).catch(() => undefined);
  const { exitCode, stderr } = await receiver;
  if (exitCode === 0) return;
  if (exitCode === busy) {
    throw new Failure(`Another push is sending ${name}; wait for it, or end it and run this one again.`);
  }
  if (exitCode === damaged) {
    throw new Failure(
      `${name} did not arrive as it is here (its SHA-256 is another), or was changed meanwhile; what arrived was removed: run the command again.`,
    );
  }
  if (/no space left/i.test(stderr)) {
    throw new Failure(
      `The disk of ${mount.source} on the engine is full, ${name} is there in part; free some room there and run the command again.`,
    );
  }
  if (exitCode === broken || /connection|ssh|EOF|broken pipe/i.test(stderr)) {
    throw new Failure(
      `The push of ${name} was interrupted (${stderr.trim().split('\n').at(-1) || 'no reason was given'}); run the command again: it goes on where it was.`,
    );
  }
  throw new Failure(mediaProblem(mount, stderr));
}
