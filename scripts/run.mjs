/**
 * Starts a verb: `node scripts/run.mjs up …` runs scripts/up.ts. It makes sure of what the verbs themselves need,
 * the project's packages and a Node that runs TypeScript, and so is plain JavaScript without packages itself.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BundleError, openBundle, packagesName, unpackPart, verifyBundle } from './lib/bundle/file.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const windows = process.platform === 'win32';

/** Node runs TypeScript files by itself from 22.18 on. */
function runsTypeScript(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18);
}

/**
 * Installs the packages of the lock file, unless they are those that were installed last.
 * @param {string | undefined} bundle file to take them from instead of the registry
 */
async function installPackages(bundle) {
  const lock = createHash('sha256')
    .update(readFileSync(`${root}package-lock.json`))
    .digest('hex');
  const marker = `${root}node_modules/.janus-deploy-lock`;
  if (existsSync(marker) && readFileSync(marker, 'utf8') === lock) return;
  const started = Date.now();
  if (bundle === undefined) installFromRegistry();
  else await installFromBundle(bundle, lock);
  writeFileSync(marker, lock);
  console.log(`packages: installed (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

function installFromRegistry() {
  console.log('packages: npm ci …');
  const npm = spawnSync(windows ? 'npm.cmd' : 'npm', ['ci', '--ignore-scripts', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: windows,
  });
  if (npm.status !== 0) {
    console.error(
      'npm ci failed, see above; check that the npm registry can be reached and run the command again.',
    );
    process.exit(1);
  }
}

/** The bundle is looked at before anything is touched. */
async function installFromBundle(path, lock) {
  console.log(`packages: from ${path} …`);
  try {
    const bundle = await openBundle(path);
    const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
    await verifyBundle(bundle, { version, lock });
    rmSync(`${root}node_modules`, { recursive: true, force: true });
    mkdirSync(`${root}node_modules`);
    await unpackPart(bundle, packagesName, root);
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/** The file that `up --bundle FILE` names. */
function namedBundle() {
  const at = args.findIndex((argument) => /^--bundle(=|$)/.test(argument));
  if (verb !== 'up' || at === -1) return undefined;
  return args[at] === '--bundle' ? args[at + 1] : args[at].slice('--bundle='.length);
}

/** The Node that runs the verbs: this one, or the one among the packages where this one is too old. */
function findNode() {
  if (runsTypeScript(process.versions.node)) return process.execPath;
  const bundled = `${root}node_modules/.bin/node`;
  if (existsSync(bundled)) return bundled;
  console.error(
    `Node ${process.versions.node} is too old and npm has none for ${process.platform} ${process.arch}; install Node 22.18 or newer.`,
  );
  process.exit(1);
}

const [verb = '', ...args] = process.argv.slice(2);
const script = `${root}scripts/${verb}.ts`;
if (!/^[a-z]+$/.test(verb) || !existsSync(script)) {
  console.error(`There is no verb ${JSON.stringify(verb)}; see the scripts in package.json.`);
  process.exit(2);
}
await installPackages(namedBundle());
const node = findNode();
const environment = {
  // What Node has compiled is kept: the verb, and all of Node's that it starts, begin in little more than half the time.
  NODE_COMPILE_CACHE: `${root}node_modules/.cache/node`,
  ...process.env,
  PATH: `${root}node_modules/.bin${windows ? ';' : ':'}${process.env.PATH}`,
};
const { status, signal } = spawnSync(node, [script, ...args], { stdio: 'inherit', env: environment });
if (signal) process.kill(process.pid, signal);
process.exit(status ?? 1);
