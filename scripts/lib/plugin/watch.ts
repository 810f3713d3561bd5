/** The gateway gets its plugins anew whenever a file of them is saved. */
import { watch as watchFiles } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { gatewayFiles, gatewaySources } from '../build-contexts.ts';
import { explain } from '../steps.ts';
import { pluginsFolder } from './create.ts';
import { type RebuildOptions, rebuild } from './rebuild.ts';

/** Milliseconds without another save until what was saved is built: editors write in several steps. */
const calm = 150;

/** Goes on until the process ends; what fails is told, and the next save is another try. */
export async function watch(stack: string, options: RebuildOptions): Promise<never> {
  let saved = true;
  const changed = () => {
    saved = true;
  };
  watchFiles(pluginsFolder, { recursive: true }, changed);
  for (let built = ''; ; ) {
    while (!saved) await setTimeout(calm / 3);
    while (saved) {
      saved = false;
      await setTimeout(calm);
    }
    // Compilers and editors write beside the sources.
    const sources = JSON.stringify(gatewaySources(await gatewayFiles(), {}).plugins);
    if (sources === built) continue;
    built = sources;
    await rebuild(stack, options).catch((error) => console.error(explain(error)));
    console.log('Waiting for the next save below janus-plugins/ …');
  }
}
