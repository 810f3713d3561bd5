/**
 * `npm run certs`: makes sure of the certificate, or checks yours, and deploys nothing. `npm run certs -- renew` also
 * has a running deployment take a new one: for a timer. With `--force` an ACME certificate is replaced before its time.
 */
import { parseArgs } from 'node:util';
import type { Config } from '../infra/config/config.ts';
import { certificateNames } from '../infra/plan/plan.ts';
import { ensureAcmeCertificate } from './lib/acme.ts';
import { findBaseImage } from './lib/base-image.ts';
import {
  authorityFile,
  checkChain,
  ensureGeneratedCertificate,
  loadCertificate,
} from './lib/certificates.ts';
import { readEngineFacts } from './lib/engine.ts';
import { hostName } from './lib/machine.ts';
import { ensureToolchain } from './lib/pulumi.ts';
import { deployOrRestore } from './lib/rollback.ts';
import { stackConfig } from './lib/settings.ts';
import { reachEngine } from './lib/ssh.ts';
import { openStack } from './lib/stack.ts';
import { Failure, main } from './lib/steps.ts';

await main(async () => {
  const { values, positionals } = parseArgs({
    options: {
      stack: { type: 'string', default: 'dev' },
      force: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [what, ...rest] = positionals;
  if (rest.length > 0 || (what !== undefined && what !== 'renew')) {
    throw new Failure(`npm run certs does not know ${positionals.join(' ')}; accepted: renew, or nothing.`);
  }
  const config = stackConfig(values.stack);
  await reachEngine(config.dockerHost);
  console.log(`Certificate ${await ensure(config, values.force)}.`);
  if (what === 'renew') {
    const stack = await openStack(values.stack, await ensureToolchain(() => undefined));
    // What is deployed already is left alone, so that a certificate that did not change costs nothing.
    console.log(`Deployed: ${await deployOrRestore(stack, (line) => console.log(`  ${line}`))}.`);
  }
});

/** Makes sure of the certificate; says which it is. */
async function ensure(config: Config, force: boolean): Promise<string> {
  if (config.sslCertificate !== '' && config.acmeName === '') {
    loadCertificate(config);
    const [incomplete] = checkChain(config.sslCertificate);
    if (incomplete) throw new Failure(incomplete);
    return `${config.sslCertificate} and its key belong together and are valid`;
  }
  const base = await findBaseImage(config.baseImage);
  const engine = await readEngineFacts(base.name);
  if (config.acmeName !== '') {
    return ensureAcmeCertificate(config, engine, base.name, { force });
  }
  const made = await ensureGeneratedCertificate(certificateNames(engine, config, await hostName(config)));
  return `${made}; to trust it, import ${authorityFile} as an authority in your browser`;
}
