/**
 * Builds images with the engine's BuildKit. The `docker` command reaches that only through a plugin which not every
 * installation has; the engine's API does always, wherever the engine is.
 */
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Duplex, type Readable, type Writable } from 'node:stream';
import start from 'cross-spawn';
import tar from 'tar-stream';
import { printed } from './build-trace.ts';
import { Failure } from './steps.ts';

export interface ImageBuild {
  /** Folder with the Dockerfile. */
  context: string;
  /** With its tag. */
  name: string;
  buildArgs: Record<string, string>;
  /** Stage that it ends with; the last unless said. */
  target?: string;
}

/** Lines of what a step has printed that are shown when it failed. */
const shownLines = 30;

/** A build that came to no image, with the end of what the step that failed had printed. */
export class BuildFailed extends Failure {}

/**
 * @param onLine is told every line that a step prints
 * @returns the id of the image: another run may give its name to an image of its own
 * @throws BuildFailed
 */
export async function buildImage(
  { context, name, buildArgs, target = '' }: ImageBuild,
  onLine: (line: string) => void = () => undefined,
): Promise<string> {
  const query = new URLSearchParams({ version: '2', t: name, buildargs: JSON.stringify(buildArgs), target });
  const said = new Map<string, string>();
  let [id, problem, last] = ['', '', ''];
  const take = (step: string, text: string) => {
    const whole = (said.get(step) ?? '') + text;
    said.set(step, whole);
    last = step;
    // What does not end yet is told with its rest.
    const begun = whole.lastIndexOf('\n', whole.length - text.length - 1) + 1;
    for (const line of whole.slice(begun).split('\n').slice(0, -1)) onLine(line);
  };
  try {
    for await (const answer of ask(`/build?${query}`, await packFolder(context))) {
      problem ||= answer.error ?? answer.message ?? '';
      if (answer.id === 'moby.image.id') id = (answer.aux as { ID: string }).ID;
      if (answer.id !== 'moby.buildkit.trace') continue;
      for (const { step, text } of printed(Buffer.from(answer.aux as string, 'base64'))) take(step, text);
    }
  } catch (error) {
    problem ||= (error as Error).message;
  }
  if (problem === '' && id !== '') return id;
  const why = problem || 'the engine ended the build without a word';
  const end = (said.get(last) ?? '').trimEnd().split('\n').slice(-shownLines);
  throw new BuildFailed([`${name} could not be built: ${why}`, ...end].join('\n').trimEnd());
}

/** A line of the engine's answer. */
interface Answer {
  id?: string;
  aux?: unknown;
  error?: string;
  /** Of an answer that is an error as a whole. */
  message?: string;
}

/** Sends a tar to the engine that `docker` talks to, on this machine or another; yields its answer line by line. */
async function* ask(path: string, body: tar.Pack): AsyncGenerator<Answer> {
  const dial = start('docker', ['system', 'dial-stdio'], { stdio: 'pipe' });
  const { stdin, stdout, stderr } = dial as ChildProcessByStdio<Writable, Readable, Readable>;
  let complaint = '';
  stderr.on('data', (text) => {
    complaint += text;
  });
  const connection = Duplex.from({ readable: stdout, writable: stdin });
  try {
    const sent = request({
      createConnection: () => connection,
      host: 'engine',
      method: 'POST',
      path,
      headers: { 'content-type': 'application/x-tar' },
    });
    body.on('error', (error) => sent.destroy(error)).pipe(sent);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    for await (const line of createInterface({ input: answer })) yield JSON.parse(line) as Answer;
  } catch (error) {
    throw complaint === '' ? error : new Error(complaint.trim());
  } finally {
    connection.destroy();
    dial.kill();
  }
}

/** All files of a folder as a tar; the same content gives the same bytes. */
async function packFolder(folder: string): Promise<tar.Pack> {
  const archive = tar.pack();
  const names = (await readdir(folder, { recursive: true })).sort();
  const fill = async () => {
    for (const name of names) {
      const path = join(folder, name);
      const entry = await lstat(path);
      const header = { name: name.replaceAll('\\', '/'), mode: entry.mode & 0o777, mtime: new Date(0) };
      if (entry.isDirectory()) archive.entry({ ...header, type: 'directory' });
      else if (entry.isSymbolicLink())
        archive.entry({ ...header, type: 'symlink', linkname: await readlink(path) });
      else archive.entry(header, await readFile(path));
    }
    archive.finalize();
  };
  fill().catch((error: Error) => archive.destroy(error));
  return archive;
}
