import { expect, it } from 'vitest';
import { reportFilter } from '../../scripts/lib/plugin/reports.ts';

it('tells what a sanitizer reports from the rest of the log', () => {
  const log = [
    'Creating new session: 1; 0x1',
    '==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x1',
    'WRITE of size 1 at 0x1 thread T1',
    '==7==ABORTING',
    'Janus commit: not-a-git-repo',
    '  Starting Meetecho Janus (WebRTC Server) v0.9.1',
    'Creating new session: 2; 0x1',
    'src/index.c:1:1: runtime error: signed integer overflow',
    '    #0 0x1 in index_read src/index.c:1',
  ];
  expect(log.filter(reportFilter())).toEqual([...log.slice(1, 4), ...log.slice(7)]);
});
