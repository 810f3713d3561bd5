/** What has to be right before anything is touched, all of it checked at once. */
import { type Config, ConfigError } from '../../infra/config/config.ts';
import type { EngineFacts } from '../../infra/plan/facts.ts';
import { makePlan, type Plan } from '../../infra/plan/plan.ts';
import { readDisks } from './disk.ts';
import { addressFindings, stunFindings } from './doctor/address.ts';
import { diskFindings } from './doctor/disk.ts';
import { type Finding, ofSeverity, sentence } from './doctor/finding.ts';
import { engineFindings } from './doctor/machine.ts';
import { portFindings } from './doctor/ports.ts';
import { gather } from './gather.ts';
import { listeners } from './ports.ts';
import { foreignResources } from './recovery.ts';
import { readStackFile } from './settings.ts';
import type { Stack } from './stack.ts';
import { stunAnswers } from './stun.ts';

/**
 * Checks ports, disk, certificate, media and addresses.
 * @param facts of the engine, as they were just read
 * @returns the warnings, or that there are none, for the step's line.
 * @throws ConfigError with everything that would make the deployment fail.
 */
export async function preflight(stack: Stack, facts: EngineFacts): Promise<string> {
  const { config, engine, build } = await gather(stack.name, readStackFile(stack.configFile), {
    path: stack.environment.PATH,
    engine: facts,
  });
  const plan = makePlan(stack.name, config, engine, build);
  const findings = [
    ...engineFindings(engine, plan),
    ...portFindings(plan, await listeners(plan.baseImage)),
    ...diskFindings(await readDisks(plan.baseImage)),
    ...addressFindings(plan, engine),
    ...(await askOutsideStun(plan, config)),
  ];
  const errors = [...ofSeverity(findings, 'error').map(sentence), ...(await foreignResources(stack))];
  if (errors.length > 0) throw new ConfigError(errors);
  const warnings = ofSeverity(findings, 'warning').map(sentence);
  return ['ports free, disk has room', ...warnings.map((warning) => `\n  Warning: ${warning}`)].join('');
}

/** Asks the gateway's STUN server, where it is not the deployment's own. */
export async function askOutsideStun(plan: Plan, config: Config): Promise<Finding[]> {
  if (plan.stun === undefined || config.stunServer.startsWith('coturn:')) return [];
  return stunFindings(config.stunServer, await stunAnswers(plan.stun.host, plan.stun.port));
}
