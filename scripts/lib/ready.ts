/** Waits until a service that was started serves, run by its resource (infra/resources/service.ts). */
import { whyUnhealthy } from './healthy.ts';
import { logEnd } from './log-end.ts';

const { CONTAINER = '', NAME = '', HEALTHCHECK = '[]' } = process.env;
const why = await whyUnhealthy(CONTAINER, JSON.parse(HEALTHCHECK));
if (why !== undefined) {
  console.error(`${NAME} ${why}. The end of its log:\n${await logEnd(CONTAINER)}`);
  process.exitCode = 1;
}
