/** What a container said last. */
import { $ } from './command.ts';

/** Lines that are shown. */
const shownLines = 15;

/** The end of a container's log. */
export async function logEnd(container: string): Promise<string> {
  const { stdout, stderr } = await $({
    quiet: true,
    nothrow: true,
  })`docker logs --tail ${shownLines} ${container}`;
  return (stdout + stderr).trimEnd();
}
