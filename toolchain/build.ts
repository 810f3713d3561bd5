/**
 * Builds the Pulumi CLI, its Node.js language host and the two providers from Go modules, for machines that reach a
 * module proxy but not Pulumi's downloads. The versions are in the go.mod files beside this one.
 */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { which } from 'zx';
import { $ } from '../scripts/lib/command.ts';

const here = dirname(fileURLToPath(import.meta.url));

/** Versions that the published packages have, under which the built ones are installed. */
export const versions = { cli: '3.259.0', docker: '5.2.0', command: '1.2.1' } as const;

/** File in a built toolchain that tells it from the official one. */
export const builtMarker = 'built-from-go-modules';

/** The Go release that is taken from the module proxy where the machine has none that is new enough. */
const goRelease = '1.26.8';

interface Target {
  module: string;
  package: string;
  output: string;
  flags: string[];
}

const plugin = (name: 'docker' | 'command') =>
  `home/plugins/resource-${name}-v${versions[name]}/pulumi-resource-${name}`;

const targets: Target[] = [
  {
    module: 'pulumi',
    package: 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi',
    output: 'bin/pulumi',
    flags: [
      '-tags=osusergo,grpcnotrace',
      `-ldflags=-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${versions.cli}`,
    ],
  },
  {
    module: 'language-nodejs',
    package: 'github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs',
    output: 'bin/pulumi-language-nodejs',
    flags: ['-ldflags=-s -w'],
  },
  {
    module: 'provider-docker',
    package: '.',
    output: plugin('docker'),
    flags: ['-tags=no_compose', `-ldflags=-s -w -X main.version=${versions.docker}`],
  },
  {
    module: 'provider-command',
    package: '.',
    output: plugin('command'),
    flags: [`-ldflags=-s -w -X main.version=${versions.command}`],
  },
];

/** Hash (hex) of everything that decides what is built. */
export function toolchainKey(): string {
  const hash = createHash('sha256').update(
    `${process.platform} ${process.arch} ${JSON.stringify([versions, targets])}`,
  );
  for (const { module } of targets) {
    for (const name of readdirSync(join(here, module), { recursive: true, encoding: 'utf8' }).sort()) {
      if (/\.(go|mod|sum)$/.test(name))
        hash.update(`${module}/${name}\0`).update(readFileSync(join(here, module, name)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * Builds into `folder` (`bin/` for PATH, `home/` for PULUMI_HOME), which appears whole or not at all.
 * @param progress is told the name of each part when its build begins.
 */
export async function buildToolchain(folder: string, progress: (part: string) => void): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const partial = await mkdtemp(`${folder}-`);
  // Modules and objects take gigabytes and are of use this once: kept while a build may have to go on, then removed.
  const goCaches = join(dirname(folder), 'go');
  const environment = {
    ...process.env,
    CGO_ENABLED: '0',
    GOCACHE: join(goCaches, 'objects'),
    GOMODCACHE: join(goCaches, 'modules'),
    GOFLAGS: '-mod=readonly -modcacherw',
    GOTOOLCHAIN: 'local',
  };
  const go = await findGo(environment);
  try {
    for (const target of targets) {
      progress(target.module);
      await $({
        quiet: true,
        cwd: join(here, target.module),
        env: environment,
      })`${go} build -trimpath ${target.flags} -o ${join(partial, target.output)} ${target.package}`;
    }
    await writeFile(
      join(partial, builtMarker),
      `pulumi ${versions.cli}, docker ${versions.docker}, command ${versions.command}\n`,
    );
    await rename(partial, folder);
    await rm(goCaches, { recursive: true, force: true });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** A Go that is new enough (1.26): the machine’s, else the release that any Go can fetch as a module. */
export async function findGo(environment: NodeJS.ProcessEnv): Promise<string> {
  const go =
    (await which('go', { nothrow: true })) ??
    (existsSync('/usr/lib/go/bin/go') ? '/usr/lib/go/bin/go' : null);
  if (go === null) {
    throw new Error(
      'Building the Pulumi toolchain needs Go; run `apt-get install golang-go` as root (any version).',
    );
  }
  const version = (await $({ quiet: true, env: environment })`${go} version`).stdout;
  const [major, minor] = /go(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [0, 0];
  if (major > 1 || minor >= 26) return go;
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const module = `golang.org/toolchain@v0.0.1-go${goRelease}.${process.platform}-${arch}`;
  const fetched = await $({ quiet: true, cwd: here, env: environment })`${go} mod download -json ${module}`;
  const release = (JSON.parse(fetched.stdout) as { Dir: string }).Dir;
  // A module's files are not executable, a toolchain's have to be.
  for (const tools of ['bin', `pkg/tool/${process.platform}_${arch}`]) {
    for (const tool of readdirSync(join(release, tools))) chmodSync(join(release, tools, tool), 0o755);
  }
  return join(release, 'bin', 'go');
}
