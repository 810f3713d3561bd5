import { describe, expect, it } from 'vitest';
import { isAbout, isAtLeast, type LogLine, parseLine, sessionOf } from '../../scripts/lib/log-lines.ts';

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
  ['web', '192.0.2.1 [1] "POST /janus" 200 0.001 s', 'info', '192.0.2.1 [1] "POST /janus" 200 0.001 s'],
  ['web', '192.0.2.1 [1] "POST /janus" 502 0.001 s', 'error', '192.0.2.1 [1] "POST /janus" 502 0.001 s'],
  ['turn', '0: : ERROR: no certificate', 'error', 'ERROR: no certificate'],
  [
    'prometheus',
    'ts=2026-01-02T03:04:05.678Z caller=main.go:1 level=error msg=no',
    'error',
    'caller=main.go:1 level=error msg=no',
  ],
  ['grafana', 'logger=a t=2026 level=warn msg=slow', 'warning', 'logger=a t=2026 level=warn msg=slow'],
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

describe('of one viewer', () => {
  const said = (text: string): LogLine => ({ service: 'gateway', time: at, level: 'info', text });
  const made = said('Creating new handle in session 77: 42; 0x1 0x2');

  it('there are the lines that name the handle, or its session', () => {
    const about = (text: string) => isAbout(said(text), { handle: '42', session: '77' });
    expect(about('[42] Creating ICE agent')).toBe(true);
    expect(about('[janus.plugin.tms.play] [42] asks for "77.mp4"')).toBe(true);
    expect(about('192.0.2.1 [42] "POST /janus" 200 0.001 s')).toBe(true);
    expect(about('Destroying session 77; 0x1')).toBe(true);
    expect(about('[421] Creating ICE agent')).toBe(false);
    expect(about('[142] Creating ICE agent, 0x42')).toBe(false);
    expect(isAbout(said('Destroying session 77; 0x1'), { handle: '42' })).toBe(false);
  });

  it('the session is read from where Janus makes the handle', () => {
    expect(sessionOf(made, '42')).toBe('77');
    expect(sessionOf(made, '2')).toBeUndefined();
    expect(sessionOf(said('Creating new session: 42; 0x1'), '42')).toBeUndefined();
  });
});
