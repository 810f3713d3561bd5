import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { $ } from 'zx';
import { checkCertificate, checkChain } from '../../scripts/lib/certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'janus-deploy-certificates-'));
const file = (name: string): string => join(folder, name);
const day = 24 * 3600 * 1000;

beforeAll(async () => {
  for (const name of ['one', 'other']) {
    await $({
      quiet: true,
    })`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=${name} -days 30 -keyout ${file(`${name}-key.pem`)} -out ${file(`${name}.pem`)}`;
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

it('accepts a certificate with its key', () => {
  expect(checkCertificate(file('one.pem'), file('one-key.pem'))).toEqual([]);
});

it('refuses one that has expired, or is not valid yet', () => {
  const at = (time: number) => checkCertificate(file('one.pem'), file('one-key.pem'), new Date(time));
  expect(at(Date.now() + 31 * day)).toEqual([expect.stringMatching(/one\.pem expired on .*; renew it/)]);
  expect(at(Date.now() - day)).toEqual([
    expect.stringMatching(/one\.pem is valid from .* on; check this machine's clock/),
  ]);
});

it('refuses the key of another certificate', () => {
  expect(checkCertificate(file('one.pem'), file('other-key.pem'))).toEqual([
    expect.stringMatching(/other-key\.pem is not the key of ssl_certificate .*one\.pem \(CN=one\)/),
  ]);
});

it('refuses a chain that lacks an issuer or is out of order', async () => {
  const openssl = (...args: string[]) => $({ quiet: true, cwd: folder })`openssl ${args}`;
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl('req', ...key, '-subj', '/CN=leaf', '-keyout', 'leaf-key.pem', '-out', 'leaf.csr');
  const issuer = ['-CA', 'one.pem', '-CAkey', 'one-key.pem', '-CAcreateserial'];
  await openssl('x509', '-req', '-in', 'leaf.csr', ...issuer, '-days', '30', '-out', 'leaf.pem');
  const [leaf, root, other] = ['leaf', 'one', 'other'].map((name) =>
    readFileSync(file(`${name}.pem`), 'utf8'),
  );
  writeFileSync(file('full.pem'), leaf + root);
  writeFileSync(file('wrong.pem'), leaf + other);
  expect(checkChain(file('one.pem'))).toEqual([]);
  expect(checkChain(file('full.pem'))).toEqual([]);
  expect(checkChain(file('leaf.pem'))).toEqual([
    expect.stringMatching(/leaf\.pem is incomplete: nobody here knows CN=one, .*full chain/),
  ]);
  expect(checkChain(file('wrong.pem'))).toEqual([
    expect.stringMatching(/out of order: CN=leaf was not issued by CN=other/),
  ]);
});

it('names both files when both are something else', () => {
  expect(checkCertificate(file('one-key.pem'), file('one.pem'))).toEqual([
    expect.stringMatching(/holds no PEM certificate/),
    expect.stringMatching(/holds no unencrypted PEM private key/),
  ]);
});
