import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { texts } from '../src/ui/text/index.ts';

const sources = join(import.meta.dirname, '../../janus-plugins/play/src');

/** Where sentences are made that no viewer sees: about requests and tokens, and of the log. */
const forOthers = /^(access|listing|path|plugin|protocol|rendition|session)\.c$/;

/** The plugin's sentences about files, with a value in the place of each conversion. */
const sentences = readdirSync(sources)
  .filter((name) => name.endsWith('.c') && !forOthers.test(name))
  .flatMap((name) => {
    const source = readFileSync(join(sources, name), 'utf8').replaceAll(
      'INDEX_SOUND_CODECS',
      '"AAC and PCM"',
    );
    return [...source.matchAll(/reason_set\(\w+,\s*((?:"(?:[^"\\]|\\.)*"\s*)+)/g)].map(([, literals]) =>
      [...literals.matchAll(/"([^"]*)"/g)]
        .map(([, text]) => text)
        .join('')
        .replace(/%(zu|llu|[dsu])/g, '7'),
    );
  });

it('finds them', () => expect(sentences.length).toBeGreaterThan(25));

it.each([...new Set(sentences)])('says in Chinese that %s', (sentence) => {
  const said = texts.zh.unplayable(sentence);
  expect(said).not.toContain(sentence);
  expect(said.match(/7/g)).toEqual(sentence.match(/7/g));
});

it('passes on what it does not know', () => {
  expect(texts.zh.unplayable('the file is new')).toContain('the file is new');
});
