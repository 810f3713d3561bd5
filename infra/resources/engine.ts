/** The engine that everything is made on. */
import * as docker from '@pulumi/docker';
import type { Plan } from '../plan/plan.ts';

/**
 * The provider of all resources on an engine that is reached by ssh. The engine that the docker command reaches needs
 * none: Pulumi's default one finds it in the same way.
 */
export const engineProvider = ({ dockerHost }: Plan): docker.Provider | undefined =>
  dockerHost === '' ? undefined : new docker.Provider('engine', { host: dockerHost });

/** Has the docker command reach the plan's engine. */
export const engineEnvironment = ({ dockerHost }: Plan): Record<string, string> | undefined =>
  dockerHost === '' ? undefined : { DOCKER_HOST: dockerHost };
