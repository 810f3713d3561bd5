/** `npm run doctor`: looks at a deployment, and at where one is to be, and says what is wrong and what to do. */
import { parseArgs, styleText } from 'node:util';
import { type Finding, type Report, reportSchema, type Severity } from './lib/doctor/finding.ts';
import { examine } from './lib/examine.ts';
import { main } from './lib/steps.ts';

const marks: Record<Severity, string> = {
  ok: styleText('green', '✔'),
  unknown: styleText('dim', '–'),
  warning: styleText('yellow', '!'),
  error: styleText('red', '✘'),
};

function format({ stack, deployed, findings }: Report): string {
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const [errors, warnings, unknown] = [count('error'), count('warning'), count('unknown')];
  const lines = findings.map((finding, index) =>
    formatFinding(finding, finding.subject !== findings[index - 1]?.subject),
  );
  const summary = [
    plural(errors, 'error'),
    plural(warnings, 'warning').toLowerCase(),
    ...(unknown > 0 ? [`${unknown} not looked at`] : []),
  ].join(', ');
  const state = deployed ? 'is deployed' : 'is not deployed: only what comes before was looked at';
  return [...lines, '', `Stack ${stack} ${state}. ${summary}.`].join('\n');
}

const plural = (count: number, noun: string): string =>
  `${count === 0 ? 'No' : count} ${noun}${count === 1 ? '' : 's'}`;

/** Columns before the text. */
const indent = ' '.repeat(18);

function formatFinding({ subject, severity, what, why, remedy }: Finding, first: boolean): string {
  const title = first ? subject.padEnd(16) : ' '.repeat(16);
  const rest = [
    ...(why ? [`${indent}${styleText('dim', `${upperFirst(why)}.`)}`] : []),
    ...(remedy ? [`${indent}→ ${upperFirst(remedy)}.`] : []),
  ];
  return [
    `${styleText('bold', title)}${marks[severity]} ${what}${severity === 'ok' ? '' : '.'}`,
    ...rest,
  ].join('\n');
}

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

await main(async () => {
  const { values } = parseArgs({
    options: {
      stack: { type: 'string', default: 'dev' },
      json: { type: 'boolean', default: false },
    },
  });
  const waiting = process.stdout.isTTY && !values.json;
  if (waiting) process.stdout.write(styleText('dim', '… looking, and playing three seconds of a film'));
  const report = await examine(values.stack);
  if (waiting) process.stdout.write('\r\u001b[K');
  console.log(values.json ? JSON.stringify(reportSchema.parse(report), null, 2) : format(report));
  if (report.severity === 'error') process.exitCode = 1;
});
