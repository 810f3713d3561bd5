/** `npm run up`: from a bare machine to a running deployment; again, to what the configuration now says. */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { ConfigError } from '../infra/config/config.ts';
import { certificateNames } from '../infra/plan/plan.ts';
import { ensureAcmeCertificate } from './lib/acme.ts';
import { ensureBaseImage, refreshBaseImage } from './lib/base-image.ts';
import { contradictions, engineInstaller, openVerified, unpackBundle } from './lib/bundle/install.ts';
import { authorityFile, ensureGeneratedCertificate } from './lib/certificates.ts';
import { deployDraining, drainMinutes, tellWatching } from './lib/drain.ts';
import { ensureEngine, readEngineFacts, runningImages } from './lib/engine.ts';
import { verify } from './lib/examine.ts';
import { wrongFiles } from './lib/gather.ts';
import { ensureGrafana } from './lib/grafana.ts';
import { preflight } from './lib/preflight.ts';
import { prune } from './lib/prune.ts';
import { ensureToolchain } from './lib/pulumi.ts';
import { deployOrRestore } from './lib/rollback.ts';
import { ensureSamples } from './lib/samples.ts';
import { loadConfig, readStackFile, stackFile } from './lib/settings.ts';
import { smokeCheck } from './lib/smoke.ts';
import { findJanusArchive, janusRelease, Unreachable } from './lib/sources.ts';
import { openStack, outputs } from './lib/stack.ts';
import { main, step } from './lib/steps.ts';

await main(async () => {
  const { values } = parseArgs({
    options: {
      stack: { type: 'string', default: 'dev' },
      verify: { type: 'boolean', default: false },
      bundle: { type: 'string' },
      drain: { type: 'string' },
      'refresh-base': { type: 'boolean', default: false },
      now: { type: 'boolean', default: false },
    },
  });
  const minutes = drainMinutes(values);
  const started = Date.now();
  const file = values.bundle;
  const bundle =
    file &&
    (await step('bundle', async () => ({
      result: `${file}, every part as it was made`,
      value: await openVerified(file),
    })));
  const config = await step('configuration', async () => {
    const loaded = loadConfig(readStackFile(stackFile(values.stack)));
    const wrong = [...wrongFiles(loaded), ...(bundle ? contradictions(bundle, loaded) : [])];
    if (wrong.length > 0) throw new ConfigError(wrong);
    const from = existsSync(stackFile(values.stack)) ? `Pulumi.${values.stack}.yaml` : 'defaults';
    return { result: `${from}, no errors`, value: loaded };
  });
  await step('engine', async () => ({
    result: await ensureEngine(bundle ? engineInstaller(bundle) : undefined),
    value: undefined,
  }));
  if (bundle) {
    await step('bundle', async () => ({ result: await unpackBundle(bundle, config), value: undefined }));
  }
  const toolchain = await step('pulumi', async () => {
    const ensured = await ensureToolchain((part) => console.log(`  building ${part} …`));
    return { result: ensured.result, value: ensured };
  });
  const base = await step('base image', async () => {
    const image = await ensureBaseImage(config.baseImage);
    const result = values['refresh-base']
      ? await refreshBaseImage(image.name, await runningImages(values.stack))
      : image.name;
    return { result, value: image };
  });
  if (config.monitoring) {
    await step('grafana', async () => ({ result: await ensureGrafana(), value: undefined }));
  }
  await step('janus source', async () => {
    if (config.janus === 'distribution')
      return { result: 'not needed: the distribution’s package', value: undefined };
    const result = await findJanusArchive(config.janusArchive).then(
      (path) => `${janusRelease.version}, ${path}`,
      (error) => {
        if (error instanceof Unreachable) return `the distribution’s package instead: ${error.message}`;
        throw error;
      },
    );
    return { result, value: undefined };
  });
  const engine = await readEngineFacts(base.name);
  await step('certificate', async () => {
    if (config.acmeName !== '') {
      return { result: await ensureAcmeCertificate(config, engine, base.name), value: undefined };
    }
    if (config.sslCertificate !== '') return { result: config.sslCertificate, value: undefined };
    return {
      result: await ensureGeneratedCertificate(certificateNames(engine, config, hostname())),
      value: undefined,
    };
  });
  await step('sample media', async () => {
    if (config.production) return { result: 'none on a production stack', value: undefined };
    // A machine without a network cannot make others.
    if (bundle) return { result: 'those of the bundle', value: undefined };
    return { result: await ensureSamples(config.mediaFolder), value: undefined };
  });
  const stack = await step('stack', async () => {
    const opened = await openStack(values.stack, toolchain);
    return { result: `${opened.name}, state in a local folder`, value: opened };
  });
  await step('preflight', async () => ({ result: await preflight(stack, engine), value: undefined }));
  await step('pulumi up', async () => ({
    result: await deployDraining(stack, minutes ?? (config.production ? 10 : 0), tellWatching, (draining) =>
      deployOrRestore(draining, (line) => console.log(`  ${line}`)),
    ),
    value: undefined,
  }));
  const deployed = (await outputs(stack)) as {
    player: string;
    demos?: string;
    api: Record<string, string>;
    mediaPorts: string;
    monitoring?: { prometheus: string; grafana: string };
    substitutions: string[];
  };
  await step('smoke check', async () => ({
    result: await smokeCheck(config, '127.0.0.1'),
    value: undefined,
  }));
  if (values.verify) {
    await step('verify', async () => ({ result: await verify(values.stack, config), value: undefined }));
  }

  await prune();
  const on = values.stack === 'dev' ? '' : ` -- --stack ${values.stack}`;
  console.log(`
  Player     ${deployed.player}
  ${deployed.demos ? `Demos      ${deployed.demos}` : ''}
  Janus API  ${deployed.api.https}  ${deployed.api.http}
  Media      ${deployed.mediaPorts}
`);
  if (deployed.monitoring) {
    console.log(
      `  Prometheus ${deployed.monitoring.prometheus}\n  Grafana    ${deployed.monitoring.grafana}\n`,
    );
  }
  if (config.access === 'token') {
    console.log(`  Viewers need a token: npm run token -- --media /${on.replace(' --', '')}`);
  }
  for (const sentence of deployed.substitutions) console.log(`  Note: ${sentence}.`);
  if (config.sslCertificate === '') {
    console.log(`  To trust the certificate, import ${authorityFile} as an authority in your browser.`);
  }
  console.log(`  To undo: npm run down${on}  (everything, caches too: npm run down -- --all)`);
  console.log(`  Done in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
});
