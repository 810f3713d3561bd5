/** Progress on the terminal: one line per step with its result and duration. */
import { styleText } from 'node:util';
import { ProcessOutput } from 'zx';

/** A failure whose message is all that a person needs; no stack trace is shown for it. */
export class Failure extends Error {
  /** Exit status of the process that ends with it. */
  readonly status: number;

  constructor(message: string, { status = 1, ...options }: ErrorOptions & { status?: number } = {}) {
    super(message, options);
    this.name = 'Failure';
    this.status = status;
  }
}

/** Tells how much of a step is done, from 0 to 1. */
export type Report = (fraction: number) => void;

const barWidth = 30;

/** Runs `work` as the step `title`; what it returns is printed as the step's result. */
export async function step<T>(
  title: string,
  work: (report: Report) => Promise<{ result: string; value: T }>,
): Promise<T> {
  const started = Date.now();
  // On a terminal the line is rewritten when the step ends; a log has the finished lines alone.
  if (process.stdout.isTTY) process.stdout.write(styleText('dim', `… ${title}`));
  const report: Report = (fraction) => {
    const bar = '█'.repeat(Math.round(fraction * barWidth)).padEnd(barWidth, '░');
    const text = `… ${title} ${bar} ${Math.floor(fraction * 100)} %`;
    if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${styleText('dim', text)}`);
  };
  const line = (mark: string, text: string) => {
    if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`${mark} ${title.padEnd(14)} ${text} ${styleText('dim', `(${seconds} s)`)}`);
  };
  try {
    const { result, value } = await work(report);
    line(styleText('green', '✔'), result);
    return value;
  } catch (error) {
    line(styleText('red', '✘'), 'failed');
    throw error;
  }
}

/** Says on a terminal how far each file is; in a log, when it is done. */
export function transferLine() {
  const show = (name: string, sent: number, size: number) => {
    const line = `${name} ${Math.floor((100 * sent) / size)} % of ${(size / 2 ** 20).toFixed(1)} MiB`;
    if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${styleText('dim', `… ${line}`)}`);
    else if (sent === size) console.log(line);
  };
  const end = () => {
    if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
  };
  return { show, end };
}

/** A sentence where there is one; where something else broke, all that is known of it. */
export function explain(error: unknown): unknown {
  if (error instanceof Failure || (error instanceof Error && error.name === 'ConfigError')) {
    return styleText('red', error.message);
  }
  if (error instanceof ProcessOutput) {
    return styleText(
      'red',
      `A command failed with status ${error.exitCode}:\n${(error.stderr || error.stdout).trim()}`,
    );
  }
  return error;
}

/** Of an argument that the verb does not take. */
const isUsage = (error: unknown): error is Error =>
  error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');

/** Runs a verb's main function; failures end the process with one message and their status, wrong arguments with 2. */
export async function main(verb: () => Promise<void>): Promise<void> {
  try {
    await verb();
  } catch (error) {
    console.error(isUsage(error) ? styleText('red', error.message) : explain(error));
    process.exitCode = isUsage(error) ? 2 : error instanceof Failure ? error.status : 1;
  }
}

/** What `parse` makes of the command line; where that differs from the usage, both are shown and the process ends with 2. */
export function readCommand<T>(parse: () => T, usage: string): T {
  try {
    return parse();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}
