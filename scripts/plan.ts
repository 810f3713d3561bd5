/**
 * `npm run plan`: what would be deployed, and with `--against` what that changes, without an engine and without
 * Pulumi. It runs the code of the checkout and reads no secret, so it suits changes that nobody has looked at yet.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { ConfigError } from '../infra/config/config.ts';
import { changesBetween, type Described, isForbidden, type ServiceChange } from '../infra/plan/changes.ts';
import { type Effect, effects } from '../infra/plan/container.ts';
import { profiles } from '../infra/plan/profiles.ts';
import { findBaseImage } from './lib/base-image.ts';
import { readEngineFacts } from './lib/engine.ts';
import { loadFacts } from './lib/facts-file.ts';
import { changeLines, describeOther, diffTexts } from './lib/plan-diff.ts';
import { describePlan, textsOf } from './lib/plan-document.ts';
import { main } from './lib/steps.ts';

const usage = `Usage: npm run plan -- [options]

  --stack NAME         the stack that is planned; dev unless said
  --facts NAME|FILE    the engine: ${Object.keys(profiles).join(', ')}, or a file of facts; linux unless said
  --save-facts FILE    reads the facts of the engine that docker reaches into FILE, and plans for it
  --against REF|FOLDER shows what changes from another revision, or from a checkout in another folder
  --fail-on POLICY     with --against: ends with status 3 if a service is changed like this or more strongly;
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
    ? await saveFacts(resolve(values['save-facts']))
    : values.facts in profiles
      ? values.facts
      : resolve(values.facts);
  const after = await describePlan(values.stack, loadFacts(facts));
  if (values.against === undefined) {
    if (values['fail-on'] !== undefined)
      throw new ConfigError(['--fail-on is set without --against; set both.']);
    if (values.json) console.log(JSON.stringify(after, null, 2));
    else printTexts(after);
    return;
  }
  const policies = values['fail-on'] ? parsePolicies(values['fail-on'], Object.keys(after.files)) : [];
  const before = await describeOther(values.against, values.stack, facts);
  const changes = changesBetween(before, after);
  const forbidden = changes.filter((change) => policies.some((policy) => isForbidden(change, policy)));
  const diff = await diffTexts(
    textsOf(before),
    textsOf(after),
    !values.json && styleText('red', 'x') !== 'x',
  );
  if (values.json) console.log(JSON.stringify({ changes, forbidden, diff }, null, 2));
  else report(values.against, changes, diff);
  for (const { service, effect } of forbidden) {
    console.error(
      styleText('red', `${service}: ${effect}, which --fail-on ${values['fail-on']} forbids.`, {
        stream: process.stderr,
      }),
    );
  }
  if (forbidden.length > 0) process.exitCode = forbiddenStatus;
});

async function saveFacts(file: string): Promise<string> {
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
