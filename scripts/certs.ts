/** `npm run certs`: makes sure of a certificate where the operator has set none, and says how to trust it. */
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { certificateNames } from '../infra/plan/plan.ts';
import { findBaseImage } from './lib/base-image.ts';
import { authorityFile, ensureGeneratedCertificate, loadCertificate } from './lib/certificates.ts';
import { readEngineFacts } from './lib/engine.ts';
import { loadConfig, readStackFile, stackFile } from './lib/settings.ts';
import { main } from './lib/steps.ts';

await main(async () => {
  const { values } = parseArgs({ options: { stack: { type: 'string', default: 'dev' } } });
  const config = loadConfig(readStackFile(stackFile(values.stack)));
  if (config.sslCertificate !== '') {
    loadCertificate(config);
    console.log(`${config.sslCertificate} and its key belong together and are valid.`);
    return;
  }
  const base = await findBaseImage(config.baseImage);
  const engine = await readEngineFacts(base.name);
  console.log(
    `Certificate ${await ensureGeneratedCertificate(certificateNames(engine, config, hostname()))}.`,
  );
  console.log(`To trust it, import ${authorityFile} as an authority in your browser.`);
});
