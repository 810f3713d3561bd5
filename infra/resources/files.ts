/** A service's rendered files in a named volume, written through the engine. */
import { createHash } from 'node:crypto';
import { local } from '@pulumi/command';
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import tar from 'tar-stream';
import { type Effect, serviceUser } from '../plan/container.ts';

export interface FilesArgs {
  /** Name of the volume. */
  volume: string;
  /** Of what is in the volume. */
  mark: string;
  /** Image with sh, tar and base64. */
  image: string;
  /** Texts by path below `/config/current`. */
  files: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** What a change of each of them does to the service. */
  effects: Record<string, Effect>;
  /** Of the command that writes them. */
  environment?: Record<string, string>;
}

/** The volume, and what is to be in it. */
export class Files extends pulumi.ComponentResource {
  readonly volume: pulumi.Output<string>;
  /** All files as a tar in base64. */
  readonly archive: pulumi.Output<string>;
  /** Of each effect that there are files with: changes when one of them does. */
  readonly hashes: Partial<Record<Effect, pulumi.Output<string>>> = {};
  private readonly name: string;
  private readonly args: FilesArgs;

  constructor(name: string, args: FilesArgs, opts: pulumi.ComponentResourceOptions) {
    super('janus-deploy:resources:Files', name, {}, opts);
    this.name = name;
    this.args = args;
    const files = pulumi.output(args.files) as pulumi.Output<Record<string, string>>;
    this.archive = pulumi.secret(files.apply(pack));
    for (const effect of new Set(Object.values(args.effects))) {
      this.hashes[effect] = pulumi.unsecret(files.apply((texts) => hashOf(texts, effect, args.effects)));
    }
    // Volumes of before had a label, and keep it.
    const volume = { name: args.volume };
    this.volume = new docker.Volume(name, volume, { parent: this, ignoreChanges: ['labels'] }).name;
    this.registerOutputs();
  }

  /** Puts the files into the volume, all of them at one moment; again when they or the mark change. */
  write({ dependsOn }: pulumi.CustomResourceOptions): local.Command {
    return new local.Command(
      this.name,
      {
        // As the trial's: in the program's folder, and without a word that only one system's shell knows.
        create: 'node ../scripts/lib/unpack.ts',
        stdin: this.archive,
        environment: {
          ...this.args.environment,
          UNPACK: pulumi.jsonStringify({ volume: this.volume, mark: this.args.mark, image: this.args.image }),
        },
        logging: 'none',
      },
      { parent: this, dependsOn },
    );
  }
}

const hashOf = (texts: Record<string, string>, effect: Effect, effects: Record<string, Effect>): string =>
  createHash('sha256')
    .update(
      JSON.stringify(
        Object.entries(texts)
          .sort()
          .filter(([name]) => effects[name] === effect),
      ),
    )
    .digest('hex');

/** A tar of the files as base64; the same files give the same text. */
async function pack(files: Record<string, string>): Promise<string> {
  const archive = tar.pack();
  const fixed = { uid: serviceUser, gid: serviceUser, mtime: new Date(0) };
  for (const folder of folders(Object.keys(files))) {
    archive.entry({ ...fixed, name: `${folder}/`, type: 'directory', mode: 0o700 });
  }
  for (const [name, text] of Object.entries(files).sort())
    archive.entry({ ...fixed, name, mode: 0o400 }, text);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('base64');
}

const folders = (paths: string[]): string[] => [
  ...new Set(paths.filter((path) => path.includes('/')).map((path) => path.slice(0, path.lastIndexOf('/')))),
];
