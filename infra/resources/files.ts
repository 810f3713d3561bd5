/** A service's rendered files in a named volume, written through the engine. */
import { createHash } from 'node:crypto';
import { local } from '@pulumi/command';
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import tar from 'tar-stream';

/** User and group of all services, whose files nobody else may read. */
export const serviceUser = 10001;

/**
 * Unpacks the tar on standard input into a new folder and switches the `current` link to it in one rename: a service
 * that reads at any moment finds all files of one deployment.
 */
const unpack = [
  'set -eu',
  'umask 077',
  'cd /files',
  'new=$(mktemp -d generation.XXXXXX)',
  'base64 -d | tar -x --numeric-owner -C "$new"',
  `chown ${serviceUser}:${serviceUser} "$new"`,
  'chmod 755 .',
  'ln -sfn "$new" current.new',
  'mv -T current.new current',
  'for old in generation.*; do [ "$old" = "$new" ] || rm -rf "$old"; done',
].join('; ');

export interface FilesArgs {
  /** Name of the volume. */
  volume: string;
  /** Image with sh, tar and base64. */
  image: string;
  /** Texts by path below `/config/current`. */
  files: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** The volume and what is in it; `hash` changes when any file does. */
export class Files extends pulumi.ComponentResource {
  readonly volume: pulumi.Output<string>;
  readonly hash: pulumi.Output<string>;
  /** What has to be there before a container starts on the volume. */
  readonly ready: pulumi.Resource;

  constructor(name: string, args: FilesArgs, opts: pulumi.ComponentResourceOptions) {
    super('janus-deploy:resources:Files', name, {}, opts);
    const archive = pulumi.secret(
      pulumi.output(args.files).apply((files) => pack(files as Record<string, string>)),
    );
    const volume = new docker.Volume(name, { name: args.volume }, { parent: this });
    this.volume = volume.name;
    this.hash = pulumi.unsecret(archive.apply((text) => createHash('sha256').update(text).digest('hex')));
    this.ready = new local.Command(
      name,
      {
        create: pulumi.interpolate`docker run --rm -i --network none --user 0 -v ${volume.name}:/files ${args.image} sh -c '${unpack}'`,
        stdin: archive,
        logging: 'none',
        // A volume that was removed and made again is empty.
        triggers: [volume.mountpoint],
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}

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
