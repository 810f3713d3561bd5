import { expect, it } from 'vitest';
import { isAtLeast, parseLine } from '../../scripts/lib/log-lines.ts';

const at = '2026-01-02T03:04:05.678901234Z';

it.each([
  [
    'gateway',
    '[Fri Jan  2 03:04:05 2026] [ERR] [janus.c:main:1] No file',
    'error',
    '[ERR] [janus.c:main:1] No file',
  ],
  ['gateway', '[Fri Jan  2 03:04:05 2026] [WARN] Slow', 'warning', '[WARN] Slow'],
  ['gateway', '[Fri Jan  2 03:04:05 2026] Creating new session: 1', 'info', 'Creating new session: 1'],
  [
    'web',
    '2026/01/02 03:04:05 [error] 7#7: *1 connect() failed',
    'error',
    '[error] 7#7: *1 connect() failed',
  ],
  ['turn', '0: : ERROR: no certificate', 'error', 'ERROR: no certificate'],
])('reads level and text of a line of %s: %s', (service, said, level, text) => {
  expect(parseLine(service, `${at} ${said}`)).toEqual({ service, time: at, level, text });
});

it('leaves empty lines out', () => {
  expect(parseLine('web', `${at} `)).toBeUndefined();
});

it('shows what is as grave as was asked for, and graver', () => {
  const line = { service: 'web', time: at, level: 'warning' as const, text: '' };
  expect(isAtLeast(line, 'info')).toBe(true);
  expect(isAtLeast(line, 'warning')).toBe(true);
  expect(isAtLeast(line, 'error')).toBe(false);
});
