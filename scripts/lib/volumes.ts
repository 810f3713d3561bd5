/** The volumes that the services' files are in, as they are on the engine. */
import { randomBytes } from 'node:crypto';
import { $ } from 'zx';
import { type ServiceName, serviceNames } from '../../infra/plan/container.ts';

/** Label of a volume that tells it from another of the same name. */
const label = 'janus-deploy.mark';

/**
 * The mark of each service's volume: the one it has, else, for a volume that is still to be made, a new one. So one
 * that was removed by hand comes back with another mark, and what depends on that fills it again.
 * @param deployment prefix of all names on the engine
 */
export async function volumeMarks(deployment: string): Promise<Record<ServiceName, string>> {
  const marks = serviceNames.map(async (service) => {
    const found = await $({
      quiet: true,
      nothrow: true,
    })`docker volume inspect --format ${`{{index .Labels "${label}"}}`} ${deployment}-${service}-files`;
    return [service, found.exitCode === 0 ? found.stdout.trim() : randomBytes(4).toString('hex')];
  });
  return Object.fromEntries(await Promise.all(marks));
}
