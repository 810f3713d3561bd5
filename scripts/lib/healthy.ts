/** Waits for a container to serve. */
import { setTimeout } from 'node:timers/promises';
import { patience } from '../../infra/plan/container.ts';
import { $ } from './command.ts';

/**
 * Asks the container's own healthcheck, at once and more often than the engine does.
 * @returns why it does not serve, a clause; undefined as soon as it does
 */
export async function whyUnhealthy(
  container: string,
  healthcheck: string[],
  interrupted?: AbortSignal,
): Promise<string | undefined> {
  const ask = $({ quiet: true, nothrow: true });
  for (const deadline = Date.now() + patience * 1000; ; await setTimeout(200)) {
    if (interrupted?.aborted) return 'was interrupted';
    const asked = await ask`docker exec ${container} ${healthcheck}`;
    if (asked.exitCode === 0) return undefined;
    const { Status, ExitCode } = JSON.parse(
      (await ask`docker inspect --format ${'{{json .State}}'} ${container}`).stdout,
    );
    if (Status !== 'running') return `ended with status ${ExitCode}`;
    if (Date.now() > deadline) {
      const said = (asked.stdout + asked.stderr).trim();
      return `did not become healthy within ${patience} s${said ? ` (${said})` : ''}`;
    }
  }
}
