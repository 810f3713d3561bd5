/** The texts of the configuration files with what a migration says in them. Pure. */
import { parseDocument } from 'yaml';
import { namespace } from '../settings.ts';

export interface Change {
  text: string;
  /** Values that were set to something else, each `name: old instead of new`. */
  conflicts: string[];
}

/** Sets names of an env file; other lines stay as they are. */
export function setEnv(text: string, values: Record<string, string>): Change {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const conflicts: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    const line = `${name}=${value}`;
    const at = lines.findLastIndex((candidate) => candidate.startsWith(`${name}=`));
    if (at === -1) lines.push(line);
    else if (lines[at] !== line) {
      conflicts.push(`${name}: ${lines[at].slice(name.length + 1)} instead of ${value}`);
      lines[at] = line;
    }
  }
  return { text: lines.length === 0 ? '' : `${lines.join('\n')}\n`, conflicts };
}

/** Sets options of a stack's config file; comments and other keys stay as they are. */
export function setStack(text: string, values: Record<string, string>): Change {
  const document = parseDocument(text);
  const conflicts: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    const path = ['config', namespace + name];
    const present = document.getIn(path);
    if (String(present) === value) continue;
    if (present !== undefined) conflicts.push(`${name}: ${present} instead of ${value}`);
    document.setIn(path, value);
  }
  return { text: Object.keys(values).length === 0 ? text : document.toString({ lineWidth: 0 }), conflicts };
}
