/**
 * `npm run plan`: what would be deployed, and with `--against` what that changes, without an engine and without
 * Pulumi. It runs the code of the checkout and reads no secret, so it suits changes that nobody has looked at yet.
 * With `--deployed` it compares with what is deployed, which Pulumi's state knows.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { type Config, ConfigError } from '../infra/config/config.ts';
import { changesBetween, type Described, isForbidden, type ServiceChange } from '../infra/plan/changes.ts';
import { type Effect, effects } from '../infra/plan/container.ts';
import { profiles } from '../infra/plan/profiles.ts';
import { findBaseImage } from './lib/base-image.ts';
import { readEngineFacts } from './lib/engine.ts';
import { loadFacts } from './lib/facts-file.ts';
import type { Comparison } from './lib/plan-comment.ts';
import { changeLines, describeOther, diffTexts, readDeployed } from './lib/plan-diff.ts';
import { describePlan, textsOf } from './lib/plan-document.ts';
import { stackConfig } from './lib/settings.ts';
import { reachEngine } from './lib/ssh.ts';
import { main } from './lib/steps.ts';

const usage = `Usage: npm run plan -- [options]

  --stack NAME         the stack that is planned; dev unless said
  --facts NAME|FILE    the engine: ${Object.keys(profiles).join(', ')}, or a file of facts; linux unless said
  --save-facts FILE    reads the facts of the engine that docker reaches into FILE, and plans for it
  --against REF|FOLDER shows what changes from another revision, or from a checkout in another folder
  --deployed           shows what changes from what is deployed as the stack, on the engine that it is on
  --save FILE          with --against or --deployed: writes the result as JSON, for .ci/comment
  --fail-on POLICY     with one of them: ends with status 3 if a service is changed like this or more strongly;
                       EFFECT:SERVICE, several with commas; effects from the mildest on: ${effects.join(', ')}
  --json               for programs`;

/** Status of a change that --fail-on forbids; failures have 1. */
const forbiddenStatus = 3;

interface Policy {
  effect: Effect;
  service: string;
}

function parsePolicies(text: string, services: string[]): Policy[] {
  const policies = text.split(',').map((part) => part.trim().split(':') as [Effect, string]);
  const wrong = policies.filter(
    ([effect, service, ...rest]) =>
      !effects.includes(effect) || !services.includes(service) || rest.length > 0,
  );
  if (wrong.length > 0) {
    throw new ConfigError(
      wrong.map(
        (parts) =>
          `--fail-on has ${parts.join(':')}; accepted: EFFECT:SERVICE of ${effects.join(', ')} and ${services.join(', ')}.`,
      ),
    );
  }
  return policies.map(([effect, service]) => ({ effect, service }));
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      stack: { type: 'string', default: 'dev' },
      facts: { type: 'string', default: 'linux' },
      'save-facts': { type: 'string' },
      against: { type: 'string' },
      deployed: { type: 'boolean', default: false },
      save: { type: 'string' },
      'fail-on': { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const facts = values['save-facts']
    ? await saveFacts(values.stack, resolve(values['save-facts']))
    : values.facts in profiles
      ? values.facts
      : resolve(values.facts);
  const config = stackConfig(values.stack);
  const { against, deployed } = values;
  if (against === undefined && !deployed) {
    for (const option of ['fail-on', 'save'] as const) {
      if (values[option] !== undefined)
        throw new ConfigError([`--${option} is set without --against or --deployed; set one of them.`]);
    }
    const described = await describePlan(values.stack, config, loadFacts(facts));
    if (values.json) console.log(JSON.stringify(described, null, 2));
    else printTexts(described);
    return;
  }
  if (against !== undefined && deployed)
    throw new ConfigError(['--against and --deployed exclude each other; say one of them.']);
  const { named, before, after } =
    against === undefined
      ? await compareDeployed(values.stack, config)
      : {
          named: against,
          before: await describeOther(against, values.stack, facts),
          after: await describePlan(values.stack, config, loadFacts(facts)),
        };
  const policies = values['fail-on'] ? parsePolicies(values['fail-on'], Object.keys(after.files)) : [];
  const changes = changesBetween(before, after);
  const forbidden = changes.filter((change) => policies.some((policy) => isForbidden(change, policy)));
  const diff = (colours: boolean) => diffTexts(textsOf(before), textsOf(after), colours);
  const result: Comparison = {
    against: named,
    changes,
    policy: values['fail-on'] ?? '',
    forbidden: forbidden.map(({ service }) => service),
    diff: await diff(false),
  };
  if (values.save) writeFileSync(values.save, `${JSON.stringify(result, null, 2)}\n`);
  if (values.json) console.log(JSON.stringify(result, null, 2));
  else report(named, changes, styleText('red', 'x') === 'x' ? result.diff : await diff(true));
  for (const { service, effect } of forbidden) {
    console.error(
      styleText('red', `${service}: ${effect}, which --fail-on ${values['fail-on']} forbids.`, {
        stream: process.stderr,
      }),
    );
  }
  if (forbidden.length > 0) process.exitCode = forbiddenStatus;
});

/** What is deployed as the stack, and what this checkout would make of it on the same engine. */
async function compareDeployed(stack: string, config: Config) {
  const { engine, build, described } = await readDeployed(stack);
  const after = await describePlan(stack, config, engine, build);
  return { named: `the deployed stack ${stack}`, before: described, after };
}

async function saveFacts(stack: string, file: string): Promise<string> {
  await reachEngine(stackConfig(stack).dockerHost);
  const { name } = await findBaseImage('auto');
  writeFileSync(file, `${JSON.stringify(await readEngineFacts(name), null, 2)}\n`);
  return file;
}

function printTexts(described: Described): void {
  for (const [name, text] of Object.entries(textsOf(described))) {
    const [service, file] = name.split(/\/(.*)/);
    const effect = described.files[service]?.[file]?.effect;
    console.log(styleText('bold', `==== ${name}${effect ? ` (a change of it: ${effect})` : ''}`));
    console.log(text);
  }
}

function report(against: string, changes: ServiceChange[], diff: string): void {
  if (changes.length === 0 && diff === '') {
    console.log(`Nothing that is deployed differs from ${against}.`);
    return;
  }
  console.log(`Against ${against}:\n`);
  for (const line of changeLines(changes)) console.log(`  ${line}`);
  if (changes.length === 0) console.log('  No service is touched.');
  if (diff !== '') console.log(`\n${diff}`);
}
