import { expect, it } from 'vitest';
import { printed } from '../../scripts/lib/build-trace.ts';

/** Of an engine: the output `to-stderr` of one step. */
const logged =
  'GmQKR3NoYTI1NjpmNDc1MDJlMTUxMjM4NzRmNWUzY2Q2ZmFkMmQ0NDRiMzYxOWQ3OGY2Yzg0NzMwZmQ1MGUxNzAwOGUyNzhiMTYxEgsIwqam2AYQ/rCROxgCIgp0by1zdGRlcnIK';
/** The beginning of a step. */
const begun =
  'CnwKR3NoYTI1Njo2ZDg3YmIwMmM3ZWRjYWI4MmFmMGEzNDQ1ZTc5ZWIwMjVkZjM1NTUwMGVkZTRmMjQzOTlhZDdiN2JjZDgzNzk4GiRbaW50ZXJuYWxdIGxvYWQgcmVtb3RlIGJ1aWxkIGNvbnRleHQqCwjBpqbYBhDpoYki';

it('finds what steps print in what BuildKit tells', () => {
  expect(printed(Buffer.from(logged, 'base64'))).toEqual([
    { step: expect.stringMatching(/^sha256:f47502e1/), text: 'to-stderr\n' },
  ]);
  expect(printed(Buffer.from(begun, 'base64'))).toEqual([]);
});
