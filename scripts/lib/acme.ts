/** Certificates for a public name from an ACME authority, by certbot in a container that answers on port 80 itself. */
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../infra/config/config.ts';
import type { EngineFacts } from '../../infra/plan/facts.ts';
import { $ } from './command.ts';
import { hashFolder } from './contexts.ts';
import { sentence } from './doctor/finding.ts';
import { nameFinding } from './doctor/names.ts';
import { lookUp } from './names.ts';
import { projectFolder, stateFolder } from './paths.ts';
import { Failure } from './steps.ts';

/** certbot's own folder: account, certificates, what it renews. */
const folder = join(stateFolder, 'certificates', 'acme');

/** Where the certificate of a name and its key are, once it was had. */
export const acmeFiles = (name: string) => ({
  sslCertificate: join(folder, 'live', name, 'fullchain.pem'),
  sslCertificateKey: join(folder, 'live', name, 'privkey.pem'),
});

/**
 * Makes sure of a certificate for `acmeName`: a new one when there is none, when less than a third of its time is left,
 * or when asked for.
 * @param base image that the client's is built on
 * @returns what was done, for the step's line
 * @throws Failure with what the authority or the name servers say
 */
export async function ensureAcmeCertificate(
  config: Config,
  engine: Pick<EngineFacts, 'addresses'>,
  base: string,
  { force = false } = {},
): Promise<string> {
  const { sslCertificate } = acmeFiles(config.acmeName);
  if (!force && existsSync(sslCertificate)) {
    const { validFrom, validTo } = new X509Certificate(readFileSync(sslCertificate));
    const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
    if (to - Date.now() > (to - from) / 3) {
      return `of ${config.acmeName}, valid to ${validTo}`;
    }
  }
  const advertised = config.advertisedAddress === 'auto' ? [] : [config.advertisedAddress];
  await checkRecords(config.acmeName, [...advertised, ...engine.addresses]);
  await obtain(config, await clientImage(base));
  return `of ${config.acmeName}, new from ${new URL(config.acmeServer).host}`;
}

/** The authority asks at every address of the name: one that leads elsewhere would fail there, and count as a try. */
async function checkRecords(name: string, own: string[]): Promise<void> {
  const finding = nameFinding(await lookUp(name), own, true);
  if (finding.severity === 'error') throw new Failure(`acmeName ${sentence(finding)}`);
}

async function obtain({ acmeName, acmePort, acmeServer, acmeRoots }: Config, image: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const sandbox = [
    ...['--rm', '--label=janus-deploy=acme', '--cap-drop=ALL', '--security-opt=no-new-privileges'],
    ...['--read-only', '--tmpfs=/tmp', `--user=${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`],
    ...['--publish', `${acmePort}:8080`, '--volume', `${folder}:/acme`],
    ...(acmeRoots === ''
      ? []
      : ['--volume', `${acmeRoots}:/roots.pem:ro`, '--env', 'REQUESTS_CA_BUNDLE=/roots.pem']),
  ];
  const command = [
    ...['certonly', '--standalone', '--http-01-port=8080', '--non-interactive', '--agree-tos'],
    ...['--register-unsafely-without-email', '--force-renewal', `--server=${acmeServer}`],
    ...[`--domain=${acmeName}`, `--cert-name=${acmeName}`],
    ...['--config-dir=/acme', '--work-dir=/tmp', '--logs-dir=/tmp'],
  ];
  const ended = await $({ quiet: true, nothrow: true })`docker run ${sandbox} ${image} ${command}`;
  if (ended.exitCode !== 0) {
    const said = (ended.stdout + ended.stderr)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => /Detail:|Error|error|denied|refused|allocated|in use/.test(line));
    throw new Failure(
      `No certificate for acmeName ${acmeName} from ${acmeServer}: ${said.slice(0, 3).join(' ') || ended.stderr.trim()} (TCP port ${acmePort} has to be free here, and reached from outside as port 80 of the name.)`,
    );
  }
}

/** The image with the client, built when it is not there. */
async function clientImage(base: string): Promise<string> {
  const context = join(projectFolder, 'images', 'acme');
  const hash = createHash('sha256')
    .update(base)
    .update(await hashFolder(context));
  const image = `janus-deploy/acme:${hash.digest('hex').slice(0, 12)}`;
  const engine = $({ nothrow: true, quiet: true });
  if ((await engine`docker image inspect ${image}`).exitCode === 0) return image;
  const built = await engine`docker build --quiet --tag ${image} --build-arg BASE_IMAGE=${base} ${context}`;
  if (built.exitCode !== 0) {
    throw new Failure(
      `The image with the ACME client could not be built: ${built.stderr.trim().split('\n').at(-1)}`,
    );
  }
  return image;
}
