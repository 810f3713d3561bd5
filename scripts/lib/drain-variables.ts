/** What a deployment's step of draining is told by: for how long, and the file for the numbers of those who watch. */
export const drainVariables = { minutes: 'JANUS_DEPLOY_DRAIN', log: 'JANUS_DEPLOY_DRAIN_LOG' };
