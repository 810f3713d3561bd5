/** `npm run docs`: writes what the documents say of the options, from their declaration; with `--check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseDocument } from 'yaml';
import { envTemplate, optionsTable, pulumiConfig } from '../infra/config/document.ts';
import { projectFolder } from './lib/paths.ts';
import { Failure, main } from './lib/steps.ts';

const between = (text: string, content: string): string =>
  text.replace(
    /(<!-- options -->\n)[\s\S]*?(<!-- \/options -->)/,
    (_, start, end) => `${start}\n${content}\n\n${end}`,
  );

/** The generated documents: each file's text made from its present one. */
const documents: Record<string, (text: string) => string> = {
  'README.md': (text) => between(text, optionsTable()),
  'README.zh-CN.md': (text) => between(text, optionsTable()),
  'local.env.example': () => envTemplate(),
  'Pulumi.yaml': (text) => {
    const document = parseDocument(text);
    document.set('config', pulumiConfig());
    return document.toString({ lineWidth: 0 });
  },
};

await main(async () => {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const stale = Object.entries(documents).filter(([name, make]) => {
    const path = join(projectFolder, name);
    const present = readFileSync(path, { encoding: 'utf8', flag: 'a+' });
    const wanted = make(present);
    if (wanted !== present && !values.check) writeFileSync(path, wanted);
    return wanted !== present;
  });
  const names = stale.map(([name]) => name).join(', ');
  if (values.check && stale.length > 0)
    throw new Failure(`${names} say something else than the options; run \`npm run docs\`.`);
  console.log(stale.length > 0 ? `Written: ${names}.` : 'All documents say what the options say.');
});
