/** TLS certificates: the operator's, checked; or a local certificate authority and a leaf of ours. */
import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
// The certificate library needs it, and needs it first.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { Config } from '../../infra/config/config.ts';
import type { BuildFacts } from '../../infra/plan/facts.ts';
import { stateFolder } from './paths.ts';
import { Failure } from './steps.ts';
import { writeWhole } from './write-whole.ts';

x509.cryptoProvider.set(webcrypto as Crypto);

/** PEM texts; `chain` is the leaf first. */
export interface Certificate {
  chain: string;
  key: string;
  facts: BuildFacts['certificate'];
}

const folder = join(stateFolder, 'certificates');
const files = {
  authority: join(folder, 'ca.pem'),
  authorityKey: join(folder, 'ca-key.pem'),
  chain: join(folder, 'fullchain.pem'),
  key: join(folder, 'key.pem'),
};

/** Certificate of the local authority, which a browser may be told to trust. */
export const authorityFile = files.authority;

const day = 24 * 3600 * 1000;

/**
 * What is wrong with a certificate chain and its key, each a sentence; empty when both can be used.
 * @param now the time it has to be valid at
 */
export function checkCertificate(certificateFile: string, keyFile: string, now = new Date()): string[] {
  const errors: string[] = [];
  const read = (file: string, what: string): string | undefined => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      errors.push(
        `${what} ${file} cannot be read (${(error as NodeJS.ErrnoException).code}); set the path of a PEM file.`,
      );
    }
  };
  const [chain, key] = [read(certificateFile, 'ssl_certificate'), read(keyFile, 'ssl_certificate_key')];
  const leaf = chain === undefined ? undefined : parsed(() => new X509Certificate(chain));
  const privateKey = key === undefined ? undefined : parsed(() => createPrivateKey(key));
  if (chain !== undefined && !leaf) {
    errors.push(
      `ssl_certificate ${certificateFile} holds no PEM certificate; set the full chain, the server's certificate first.`,
    );
  }
  if (key !== undefined && !privateKey) {
    errors.push(
      `ssl_certificate_key ${keyFile} holds no unencrypted PEM private key; set the key without a passphrase.`,
    );
  }
  if (leaf && privateKey && !leaf.checkPrivateKey(privateKey)) {
    errors.push(
      `ssl_certificate_key ${keyFile} is not the key of ssl_certificate ${certificateFile} (${leaf.subject}); set the two that belong together.`,
    );
  }
  if (leaf && new Date(leaf.validTo) < now) {
    errors.push(
      `ssl_certificate ${certificateFile} expired on ${leaf.validTo}; renew it and run the command again.`,
    );
  }
  if (leaf && new Date(leaf.validFrom) > now) {
    errors.push(
      `ssl_certificate ${certificateFile} is valid from ${leaf.validFrom} on; check this machine's clock.`,
    );
  }
  return errors;
}

/**
 * What is missing between a certificate and an authority that clients know, a sentence or none. An authority is known
 * when the file ends with it, or when this machine trusts it.
 */
export function checkChain(certificateFile: string): string[] {
  const pem = parsed(() => readFileSync(certificateFile, 'utf8')) ?? '';
  const chain = (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).flatMap(
    (text) => parsed(() => new X509Certificate(text)) ?? [],
  );
  const last = chain.at(-1);
  if (last === undefined) return [];
  const gap = chain.findIndex((one, i) => i + 1 < chain.length && !one.checkIssued(chain[i + 1]));
  if (gap !== -1) {
    return [
      `ssl_certificate ${certificateFile} is out of order: ${chain[gap].subject} was not issued by ${chain[gap + 1].subject}, which follows it; put each certificate before its issuer's.`,
    ];
  }
  const known = [...getCACertificates('default'), ...getCACertificates('system')];
  const complete =
    last.checkIssued(last) ||
    known.some((root) => parsed(() => last.checkIssued(new X509Certificate(root))) === true);
  if (complete) return [];
  return [
    `ssl_certificate ${certificateFile} is incomplete: nobody here knows ${last.issuer.replaceAll('\n', ', ')}, who issued its last certificate; set the full chain (fullchain.pem, not cert.pem), with the root if the authority is your own.`,
  ];
}

/** What is read from a text, or nothing when it is not that. */
function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

type CertificateSettings = Pick<Config, 'sslCertificate' | 'sslCertificateKey'>;

/** The files of the certificate to serve: the operator's where configured, else the generated one's. */
export const certificateFiles = ({ sslCertificate, sslCertificateKey }: CertificateSettings) =>
  sslCertificate !== ''
    ? { chain: sslCertificate, key: sslCertificateKey }
    : { chain: files.chain, key: files.key };

/**
 * The certificate to serve.
 * @throws Failure with everything that is wrong with it.
 */
export function loadCertificate(config: CertificateSettings): Certificate {
  const own = config.sslCertificate !== '';
  const { chain, key } = certificateFiles(config);
  if (!own && !existsSync(chain)) {
    throw new Failure(
      'There is no certificate; set ssl_certificate and ssl_certificate_key, or run `npm run certs` to generate one.',
    );
  }
  const errors = checkCertificate(chain, key);
  if (errors.length > 0) throw new Failure(errors.join('\n'));
  return {
    chain: readFileSync(chain, 'utf8'),
    key: readFileSync(key, 'utf8'),
    facts: own
      ? { name: `the operator's ${chain}` }
      : {
          name: 'generated by the local authority',
          substitute: `The certificate is from a local authority (${files.authority}), as ssl_certificate is not set`,
        },
  };
}

/**
 * Makes sure of a generated certificate that names `names` (hosts and addresses) and is valid for another week.
 * The authority is kept, so that a browser which trusts it goes on to.
 * @returns what was done, for the step's line.
 */
export async function ensureGeneratedCertificate(names: string[]): Promise<string> {
  if (existsSync(files.chain) && existsSync(files.key)) {
    const leaf = new X509Certificate(readFileSync(files.chain));
    const named = names.every(
      (name) => (isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name)) !== undefined,
    );
    const authority = new X509Certificate(readFileSync(files.authority));
    if (named && leaf.verify(authority.publicKey) && Date.parse(leaf.validTo) > Date.now() + 7 * day) {
      return `generated earlier, valid to ${leaf.validTo}`;
    }
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const authority =
    existsSync(files.authority) && existsSync(files.authorityKey)
      ? await readAuthority()
      : await makeAuthority();
  const keys = await generateKeys();
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: randomBytes(16).toString('hex'),
    subject: `CN=${names[0]}`,
    issuer: authority.certificate.subject,
    notBefore: new Date(Date.now() - day),
    // Browsers refuse leaves that are valid for longer than this.
    notAfter: new Date(Date.now() + 397 * day),
    signingKey: authority.key,
    publicKey: keys.publicKey,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value): x509.JsonGeneralName => ({ type: isIP(value) ? 'ip' : 'dns', value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  });
  await writeWhole(files.key, await exportKey(keys.privateKey), 0o600);
  await writeWhole(files.chain, `${leaf.toString('pem')}\n${authority.certificate.toString('pem')}\n`, 0o644);
  return `generated for ${names.join(', ')}`;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

const generateKeys = (): Promise<CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<CryptoKeyPair>;

async function exportKey(key: CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

interface Authority {
  certificate: x509.X509Certificate;
  key: CryptoKey;
}

async function makeAuthority(): Promise<Authority> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(16).toString('hex'),
    name: `CN=janus-deploy local authority ${randomBytes(3).toString('hex')}`,
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + 3650 * day),
    keys,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await writeWhole(files.authorityKey, await exportKey(keys.privateKey), 0o600);
  await writeWhole(files.authority, `${certificate.toString('pem')}\n`, 0o644);
  return { certificate, key: keys.privateKey };
}

async function readAuthority(): Promise<Authority> {
  const [pem] = x509.PemConverter.decode(readFileSync(files.authorityKey, 'utf8'));
  return {
    certificate: new x509.X509Certificate(readFileSync(files.authority, 'utf8')),
    key: (await webcrypto.subtle.importKey('pkcs8', pem, algorithm, true, ['sign'])) as CryptoKey,
  };
}
