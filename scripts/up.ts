/** `npm run up`: from a bare machine to a running deployment; again, to what the configuration now says. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Config, ConfigError, type Setting } from '../infra/config/config.ts';
import { mediaMount } from '../infra/plan/container.ts';
import { certificateNames, deploymentName } from '../infra/plan/plan.ts';
import { ensureAcmeCertificate } from './lib/acme.ts';
import { ensureBaseImage, refreshBaseImage } from './lib/base-image.ts';
import { contradictions, engineInstaller, openVerified, unpackBundle } from './lib/bundle/install.ts';
import { authorityFile, ensureGeneratedCertificate } from './lib/certificates.ts';
import { deployDraining, drainMinutes, tellWatching } from './lib/drain.ts';
import { ensureEngine, readEngineFacts, runningImages } from './lib/engine.ts';
import { verify } from './lib/examine.ts';
import { wrongFiles } from './lib/gather.ts';
import { ensureGrafana } from './lib/grafana.ts';
import { answeringHost, hostName } from './lib/machine.ts';
import { pushMedia } from './lib/media-push.ts';
import { listFolder } from './lib/media-store.ts';
import { cacheFolder } from './lib/paths.ts';
import { preflight } from './lib/preflight.ts';
import { prune } from './lib/prune.ts';
import { ensureToolchain } from './lib/pulumi.ts';
import { ensureRemoteEngine } from './lib/remote-engine.ts';
import { deployOrRestore } from './lib/rollback.ts';
import { ensureSamples } from './lib/samples.ts';
import { loadConfig, readStackFile, setInStackFile, stackFile } from './lib/settings.ts';
import { smokeCheck } from './lib/smoke.ts';
import { findJanusArchive, janusRelease, Unreachable } from './lib/sources.ts';
import { reachEngine } from './lib/ssh.ts';
import { checkDeployedOn, openStack, outputs } from './lib/stack.ts';
import { main, step, transferLine } from './lib/steps.ts';

await main(async () => {
  const { values } = parseArgs({
    options: {
      stack: { type: 'string', default: 'dev' },
      verify: { type: 'boolean', default: false },
      bundle: { type: 'string' },
      drain: { type: 'string' },
      'refresh-base': { type: 'boolean', default: false },
      now: { type: 'boolean', default: false },
      host: { type: 'string' },
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
  const given: Record<string, Setting> =
    values.host === undefined ? {} : { dockerHost: { value: values.host, where: '--host' } };
  const config = await step('configuration', async () => {
    const loaded = loadConfig({ ...readStackFile(stackFile(values.stack)), ...given });
    const wrong = [...wrongFiles(loaded), ...(bundle ? contradictions(bundle, loaded) : [])];
    if (wrong.length > 0) throw new ConfigError(wrong);
    const from = existsSync(stackFile(values.stack)) ? `Pulumi.${values.stack}.yaml` : 'defaults';
    return { result: `${from}, no errors`, value: loaded };
  });
  await reachEngine(config.dockerHost);
  await step('engine', async () => ({
    result:
      config.dockerHost === ''
        ? await ensureEngine(bundle ? engineInstaller(bundle) : undefined)
        : await ensureRemoteEngine(config.dockerHost, (what) => console.log(`  ${what} …`)),
    value: undefined,
  }));
  if (bundle) {
    await step('bundle', async () => ({ result: await unpackBundle(bundle, config), value: undefined }));
  }
  const toolchain = await step('pulumi', async () => {
    const ensured = await ensureToolchain((part) => console.log(`  building ${part} …`));
    return { result: ensured.result, value: ensured };
  });
  const stack = await step('stack', async () => {
    const opened = await openStack(values.stack, toolchain);
    const place = opened.shared?.split('?')[0] ?? 'a local folder';
    return { result: `${opened.name}, state in ${place}`, value: opened };
  });
  await checkDeployedOn(stack, config.dockerHost);
  if (values.host !== undefined) await setInStackFile(stackFile(values.stack), 'dockerHost', values.host);
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
      result: await ensureGeneratedCertificate(certificateNames(engine, config, await hostName(config))),
      value: undefined,
    };
  });
  await step('sample media', async () => {
    if (config.production) return { result: 'none on a production stack', value: undefined };
    // A machine without a network cannot make others.
    if (bundle) return { result: 'those of the bundle', value: undefined };
    return { result: await sampleMedia(values.stack, config, base.name), value: undefined };
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
    result: await smokeCheck(config, await answeringHost(config)),
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

/** Makes the samples where they are played from; for another machine here, and copies them there. */
async function sampleMedia(stack: string, config: Config, image: string): Promise<string> {
  if (config.dockerHost === '') return ensureSamples(config.mediaFolder);
  const folder = join(cacheFolder, 'samples');
  const made = await ensureSamples(folder);
  const mount = mediaMount(deploymentName(stack), config);
  const files = listFolder(folder).map(({ name }) => ({ name, path: join(folder, name) }));
  const progress = transferLine();
  const { sent } = await pushMedia(mount, image, files, progress.show).finally(progress.end);
  return `${made}; ${sent.length} of them copied to ${mount.source} on the engine`;
}
