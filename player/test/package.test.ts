// @vitest-environment node
/** What `npm pack` makes is what other projects can use. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { build, type Rolldown } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';

const player = join(import.meta.dirname, '..');
const manifest = JSON.parse(await readFile(join(player, 'package.json'), 'utf8'));
const installed = async (name: string): Promise<string> =>
  JSON.parse(await readFile(join(player, '../node_modules', name, 'package.json'), 'utf8')).version;

/** Runs a command; one that fails shows what it printed. */
async function run(command: string, args: string[], cwd: string): Promise<string> {
  // Vitest's own mode is not the one that is shipped.
  const env = { ...process.env, NODE_ENV: 'production' };
  try {
    return (await promisify(execFile)(command, args, { cwd, env })).stdout;
  } catch (cause) {
    const { stdout, stderr } = cause as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`, { cause });
  }
}

/** A project of somebody who uses all of the package. */
const project = {
  'package.json': JSON.stringify({ name: 'project', private: true, type: 'module' }),
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2023', 'dom', 'dom.iterable'],
      types: [],
      strict: true,
      noEmit: true,
    },
    files: ['main.ts', 'core.ts'],
  }),
  'core.ts': `
    import { Channel, type ChannelState, janusGateway, keepOpen, keepPlaying, Playback } from 'janus-play';

    const channel = new Channel({ gateway: janusGateway, server: 'https://media.example/janus' });
    const playback = new Playback(channel);
    keepOpen(channel);
    keepPlaying(channel, playback, ({ code }) => console.error(code));
    channel.on('state', ({ state }) => console.log(state satisfies ChannelState));
    await channel.open();
    await playback.play(['a.mp4', 'b.mp4'], { loop: true });
    // @ts-expect-error: a position is a number
    await playback.seek('60');
  `,
  'main.ts': `
    import './core.js';
    import { TmsJanusMp4, TmsJanusPlay } from 'janus-play/compat';
    import type { JanusPlayElement } from 'janus-play/element';
    import 'janus-play/element';
    import { JanusPlayer, usePlayer } from 'janus-play/vue';
    import { createApp, h } from 'vue';

    createApp({ render: () => h(JanusPlayer, { file: 'a.mp4', start: 90, autoplay: true }) }).mount('#app');
    createApp({ setup: () => usePlayer({ server: 'https://media.example/janus' }).channelState }).mount('#b');
    createApp({ render: () => h(TmsJanusMp4, { server: '/janus', file: 'a.mp4' }) }).mount('#c');
    const old: boolean = new TmsJanusPlay({}).isConnEnable;
    const element: JanusPlayElement = document.createElement('janus-play');
    const position: number = element.position;
    // @ts-expect-error: a file is a name
    h(JanusPlayer, { file: 5 });
    console.log(old, position);
  `,
  'index.html': '<div id="app"></div><script type="module" src="main.ts"></script>',
};

let folder: string;
let tarball: string;
let files: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'janus-play-'));
  await run('npm', ['run', '--silent', 'build:package'], player);
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [packed] = JSON.parse(await run('npm', pack, player));
  files = packed.files.map(({ path }: { path: string }) => path);
  tarball = join(folder, packed.filename);
  for (const [name, text] of Object.entries(project)) await writeFile(join(folder, name), text);
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball];
  await run('npm', [...install, `vue@${await installed('vue')}`], folder);
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it('has what its entries name, and nothing of the page', () => {
  const named = Object.values<string | Record<string, string>>(manifest.exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  );
  expect(files).toEqual(expect.arrayContaining(named.map((path) => path.slice(2))));
  expect(files.filter((path) => !/^(dist\/|README|LICENSE|package\.json)/.test(path))).toEqual([]);
});

it('type-checks in another project, with its declarations', async () => {
  await run(process.execPath, [join(player, '../node_modules/typescript/bin/tsc')], folder);
}, 120_000);

it('builds in another project', async () => {
  const [output] = [await build({ root: folder, logLevel: 'error', build: { write: false } })].flat();
  expect((output as Rolldown.RolldownOutput).output.map(({ type }) => type)).toContain('chunk');
}, 60_000);

it('has no fault that publint knows', async () => {
  const { messages, pkg } = await publint({ pkgDir: player, pack: false, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg ?? manifest))).toEqual([]);
});

it('has types that are found by all who can import it', async () => {
  const checked = await checkPackage(createPackageFromTarballData(await readFile(tarball)));
  if (!checked.types) throw new Error('the package has no types');
  // CommonJS reaches it by import() alone: there is no second copy for require().
  const others = checked.problems.filter(
    (problem) =>
      problem.kind !== 'CJSResolvesToESM' &&
      !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
  );
  expect(others).toEqual([]);
});

it('has a core of at most 15 kB, compressed and without janus.js, and nothing else comes with it', async () => {
  const input = join(folder, 'size.ts');
  await writeFile(input, `export * from 'janus-play';`);
  const [output] = [
    await build({
      root: folder,
      logLevel: 'error',
      build: {
        write: false,
        lib: { entry: input, formats: ['es'] },
        minify: true,
        rolldownOptions: { external: ['janus-gateway', 'webrtc-adapter'] },
      },
    }),
  ].flat() as Rolldown.RolldownOutput[];
  const [{ code, imports }] = output.output;
  const size = gzipSync(code).length;
  console.log(`core: ${size} bytes compressed`);
  expect(size).toBeLessThanOrEqual(15_000);
  expect(imports.sort()).toEqual(['janus-gateway', 'webrtc-adapter']);
});

it('leaves nothing in a bundle that does not use it', async () => {
  const input = join(folder, 'unused.ts');
  await writeFile(
    input,
    `import 'janus-play'; import 'janus-play/vue'; import 'janus-play/compat'; console.log(1);`,
  );
  const [output] = [
    await build({
      root: folder,
      logLevel: 'error',
      build: { write: false, lib: { entry: input, formats: ['es'] } },
    }),
  ].flat() as Rolldown.RolldownOutput[];
  const code = output.output[0].code.split('\n').filter((line) => line && !line.startsWith('//'));
  expect(code).toEqual(['console.log(1);']);
});

it('documents its API, with no link that leads nowhere', async () => {
  await run(
    process.execPath,
    [join(player, '../node_modules/typedoc/bin/typedoc'), '--out', join(folder, 'docs')],
    player,
  );
  expect(await readFile(join(folder, 'docs/classes/index.Playback.html'), 'utf8')).toContain('accurate');
}, 120_000);
