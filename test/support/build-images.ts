/** Has the engine build the images that this checkout deploys, where it has them not, and prints their names. */
import { findBaseImage } from '../../scripts/lib/base-image.ts';
import { ensureImages } from '../../scripts/lib/bundle/images.ts';
import { ensureToolchain } from '../../scripts/lib/pulumi.ts';
import { findJanusArchive } from '../../scripts/lib/sources.ts';
import { missing091 } from './flavours.ts';

const { name: baseImage } = await findBaseImage('auto');
const choice =
  missing091 === undefined
    ? { baseImage, flavour: '0.9.1' as const, archive: await findJanusArchive('') }
    : { baseImage, flavour: 'distribution' as const };
const toolchain = await ensureToolchain(() => undefined);
for (const name of await ensureImages(choice, toolchain, () => undefined)) console.log(name);
