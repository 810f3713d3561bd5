/** The comment that CI writes of a plan, which may have been made by code that nobody has looked at. */
import { describe, expect, it } from 'vitest';
import { type Comparison, commentText } from '../../scripts/lib/plan-comment.ts';

const diffOf = (name: string, ...lines: string[]) =>
  `diff --git before/${name} after/${name}\nindex 1..2 100644\n--- before/${name}\n+++ after/${name}\n@@ -1 +1 @@\n${lines.join('\n')}\n`;
const comparison: Comparison = {
  against: '0123456789abcdef0123456789abcdef01234567',
  changes: [
    { service: 'turn', effect: 'replace', because: ['images/turn/Dockerfile'] },
    { service: 'gateway', effect: 'reload', because: ['debug-level'] },
  ],
  policy: 'replace:turn',
  forbidden: ['turn'],
  diff: diffOf('gateway/debug-level', '-4', '+6'),
};

describe('the comment', () => {
  it('says what happens to which service and why, what is forbidden, and shows the lines of each file', () => {
    expect(commentText(comparison)).toMatchInlineSnapshot(`
      "**What this changes in the deployment**, against \`0123456789ab\`

      | service | is | because of |
      |---|---|---|
      | \`turn\` | **replaced**; who uses it is interrupted | \`images/turn/Dockerfile\` |
      | \`gateway\` | reloaded; nothing is interrupted | \`debug-level\` |

      :no_entry: \`replace:turn\` forbids what happens to \`turn\`.

      <details><summary>The plan and the rendered files, line by line (1)</summary>

      \`gateway/debug-level\`

      ~~~diff
      @@ -1 +1 @@
      -4
      +6
      ~~~

      </details>
      "
    `);
  });

  it('says when nothing changes', () => {
    const nothing = { ...comparison, changes: [], forbidden: [], diff: '' };
    expect(commentText(nothing)).toBe('**Nothing that is deployed changes** against `0123456789ab`.\n');
  });

  it('shows as text whatever it is handed', () => {
    const hostile = '`</details>|\n<img src=x> @everybody [here](https://example.org)';
    const text = commentText({
      against: hostile,
      changes: [{ service: hostile, effect: hostile as 'reload', because: [hostile] }],
      policy: hostile,
      forbidden: [hostile],
      diff: diffOf('x', '~~~~', '</details>', hostile),
    });
    // Without code spans and the fenced block there is nothing left of it.
    const [, fence] = /^(~+)diff$/m.exec(text) ?? [];
    const [before, , after] = text.split(fence);
    const prose = [before, after].join('').replace(/`[^`\n]*`/g, '');
    expect(prose).not.toMatch(/[`@]|<img|https|everybody/);
    expect(prose.match(/<\/details>/g)).toHaveLength(1);
  });

  it('fits into a comment, and says how much does not', () => {
    const files = Array.from({ length: 40 }, (_, index) => diffOf(`file-${index}`, `+${'x'.repeat(5000)}`));
    const text = commentText({ ...comparison, diff: files.join('') });
    expect(text.length).toBeLessThan(65_000);
    expect(text).toMatch(/\d+ more do not fit here/);
  });
});
