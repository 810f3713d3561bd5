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
    formatFinding(finding, findings[index - 1], findings[index + 1]),
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

/** Why and what to do are said once of findings that follow each other and have them in common. */
function formatFinding(
  { subject, severity, what, why, remedy }: Finding,
  before?: Finding,
  after?: Finding,
): string {
  const title = subject === before?.subject ? '' : subject;
  const said = why === after?.why && remedy === after?.remedy;
  const rest = [
    ...(why && !said ? [`${indent}${styleText('dim', `${upperFirst(why)}.`)}`] : []),
    ...(remedy && !said ? [`${indent}→ ${upperFirst(remedy)}.`] : []),
  ];
  const line = `${styleText('bold', title.padEnd(16))}${marks[severity]} ${what}${severity === 'ok' ? '' : '.'}`;
  return [line, ...rest].join('\n');
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
