/**
 * `node scripts/lib/plan-comment.ts FILE`: what `npm run plan -- --save FILE` found, as Markdown for a comment on a
 * change. The file may have been made by code that nobody has looked at: whatever it says is shown as text, no more.
 * It needs no packages.
 */
import { readFileSync } from 'node:fs';
import type { ServiceChange } from '../../infra/plan/changes.ts';

/** What a plan changes. */
export interface Comparison {
  /** What it is compared with. */
  against: string;
  changes: ServiceChange[];
  /** What --fail-on says; empty without it. */
  policy: string;
  /** Services whose changes it forbids. */
  forbidden: string[];
  /** As git shows it. */
  diff: string;
}

/** What happens to a service. */
const noticed: Record<string, string> = {
  reload: 'reloaded; nothing is interrupted',
  replace: '**replaced**; who uses it is interrupted',
};

/** Causes that are named, of which a new version of the player has dozens. */
const shownCauses = 5;
/** Characters that GitHub takes for a comment. */
const room = 65_536;

/** Text that stays text in a cell of a table: a code span ends at no backtick and begins no mention or link. */
const code = (text: string): string =>
  `\`${text
    .replace(/[`\r\n]/g, ' ')
    .replaceAll('|', '\\|')
    .slice(0, 200)}\``;

export function commentText({ against, changes, policy, forbidden, diff }: Comparison): string {
  const base = /^[0-9a-f]{40}$/.test(against) ? against.slice(0, 12) : against;
  if (changes.length === 0 && diff === '') {
    return `**Nothing that is deployed changes** against ${code(base)}.\n`;
  }
  const rows = changes.map(({ service, effect, because }) => {
    const more = because.length > shownCauses ? ` and ${because.length - shownCauses} more` : '';
    const causes = because.slice(0, shownCauses).map(code).join(', ');
    return `| ${code(service)} | ${noticed[effect] ?? code(effect)} | ${causes}${more} |`;
  });
  const table =
    rows.length === 0
      ? ['No service is touched.']
      : ['| service | is | because of |', '|---|---|---|', ...rows];
  const verdict =
    forbidden.length === 0
      ? []
      : ['', `:no_entry: ${code(policy)} forbids what happens to ${forbidden.map(code).join(', ')}.`];
  const head = [
    `**What this changes in the deployment**, against ${code(base)}`,
    '',
    ...table,
    ...verdict,
  ].join('\n');
  return diff === '' ? `${head}\n` : `${head}\n\n${foldedDiff(diff, room - head.length - 500)}\n`;
}

/** The lines that differ, file by file, under a line to unfold them. */
function foldedDiff(diff: string, most: number): string {
  const files = diff.split(/^diff --git before\//m).slice(1);
  const shown: string[] = [];
  let left = most;
  for (const file of files) {
    const section = differing(file);
    left -= section.length;
    if (left < 0) break;
    shown.push(section);
  }
  const rest = files.length - shown.length;
  return [
    `<details><summary>The plan and the rendered files, line by line (${files.length})</summary>`,
    '',
    ...shown,
    ...(rest > 0 ? [`${rest} more do not fit here; the log of the run has them.`, ''] : []),
    '</details>',
  ].join('\n');
}

/** One file's name and lines, without what git says of the temporary files that it compared. */
function differing(file: string): string {
  const [head, ...lines] = file.trimEnd().split('\n');
  const [name] = head.split(' after/');
  const first = lines.findIndex((line) => line.startsWith('@@'));
  const text = first === -1 ? 'It comes or goes empty.' : lines.slice(first).join('\n');
  const longest = Math.max(2, ...[...text.matchAll(/~+/g)].map(([run]) => run.length));
  const fence = '~'.repeat(longest + 1);
  return `${code(name)}\n\n${fence}diff\n${text}\n${fence}\n`;
}

if (process.argv[1] === import.meta.filename) {
  const read = JSON.parse(readFileSync(process.argv[2], 'utf8')) as Comparison;
  process.stdout.write(commentText(read));
}
