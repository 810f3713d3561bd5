/** The Pulumi program that deploys again what was good, from its record, instead of what the configuration says. */
import { readFileSync } from 'node:fs';
import * as pulumi from '@pulumi/pulumi';
import { tellAgain } from './resources/record.ts';

/** What `npm run up` hands over: the stack's outputs as they were, and which of them are secret. */
export interface LastGood {
  outputs: { lastGood: string } & Record<string, unknown>;
  secret: string[];
}

/** @returns the outputs of the stack, the same as before. */
export function restore(path: string): Record<string, unknown> {
  const { outputs, secret }: LastGood = JSON.parse(readFileSync(path, 'utf8'));
  tellAgain(JSON.parse(outputs.lastGood));
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [
      name,
      secret.includes(name) ? pulumi.secret(value) : value,
    ]),
  );
}
