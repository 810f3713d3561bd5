/** Has a running service read its files anew, run by its resource (infra/resources/service.ts). */
import { $ } from './command.ts';
import { logEnd } from './log-end.ts';

/** What the resource passes in the environment variable RELOAD. */
export interface Reload {
  container: string;
  command: string[];
}

const { container, command }: Reload = JSON.parse(process.env.RELOAD as string);
const ended = await $({ quiet: true, nothrow: true })`docker exec ${container} ${command}`;
if (ended.exitCode !== 0) {
  console.error(`${container} did not take its new files. The end of its log:\n${await logEnd(container)}`);
  process.exitCode = 1;
}
