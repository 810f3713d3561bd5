/** What the table in docs/changes.md says that each change does to each service. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Effect, type ServiceName, serviceNames } from '../../infra/plan/container.ts';
import { projectFolder } from '../../scripts/lib/paths.ts';

/** Nothing for a service that is left alone. */
export type Effects = Partial<Record<ServiceName, Effect>>;

const words: Record<string, Effect | undefined> = { replaced: 'replace', reloaded: 'reload', '–': undefined };

function readTable(): Record<string, Effects> {
  const text = readFileSync(join(projectFolder, 'docs', 'changes.md'), 'utf8');
  const [head, , ...lines] = (/^\| change \|.*\n(\|.*\n)+/m.exec(text)?.[0] ?? '')
    .trim()
    .split('\n')
    .map(cells);
  const services = head.slice(1) as ServiceName[];
  if ([...services].sort().join() !== [...serviceNames].sort().join())
    throw new Error(`docs/changes.md has a table with the columns ${head.join(', ')}.`);
  return Object.fromEntries(
    lines.map(([change, ...effects]) => {
      const known = effects.map((word, index) => {
        if (!(word in words)) throw new Error(`docs/changes.md says "${word}" of ${change}.`);
        return [services[index], words[word]] as const;
      });
      return [change, Object.fromEntries(known.filter(([, effect]) => effect !== undefined))];
    }),
  );
}

const cells = (line: string): string[] =>
  line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim().replaceAll('`', ''));

/** By the change's name. */
export const changesTable: Record<string, Effects> = readTable();
