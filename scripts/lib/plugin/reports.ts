/** What the sanitizers report of a gateway that was built with them. */
import { styleText } from 'node:util';
import { $ } from '../command.ts';
import { readLog } from '../read-log.ts';

/** Where a report begins, and the line of the gateway that is started again after it. */
const begins = /ERROR: AddressSanitizer|runtime error: /;
const startsAgain = /Janus (version|commit): /;

/** Of lines as they come, says of each whether it is part of a report. */
export function reportFilter(): (line: string) => boolean {
  let inside = false;
  return (line) => {
    inside = begins.test(line) || (inside && !startsAgain.test(line));
    return inside;
  };
}

/** Shows each report as it comes, also of the gateway that takes the place of this one, until `signal`. */
export async function showReports(container: string, signal: AbortSignal): Promise<void> {
  // The engine's clock, which the lines are stamped with.
  const { stdout: now } = await $({ quiet: true })`docker info --format {{.SystemTime}}`;
  const isReport = reportFilter();
  await readLog(container, { since: now.trim(), follow: true, signal }, (line) => {
    const said = line.slice(line.indexOf(' ') + 1);
    if (isReport(said)) console.error(styleText('red', `  ${said}`, { stream: process.stderr }));
  });
}
