/** The third-party files of the gateway's demo pages, from npm packages: nothing is loaded from a CDN. */
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Where each file of the vendor folder comes from, below node_modules. The names are those of the pages' references
 * without `.min`; images/web/build/localise.sh turns these references, which name other folders and versions, to here.
 */
const sources: Record<string, string> = {
  'css/bootstrap.css': 'bootswatch/cerulean/bootstrap.min.css',
  'css/font-awesome.css': 'font-awesome/css/font-awesome.min.css',
  'css/toastr.css': 'toastr/build/toastr.min.css',
  'js/adapter.js': 'webrtc-adapter/out/adapter.js',
  'js/bootbox.js': 'bootbox/bootbox.min.js',
  'js/bootstrap.js': 'bootstrap/dist/js/bootstrap.min.js',
  'js/jquery.blockUI.js': 'block-ui/jquery.blockUI.js',
  'js/jquery.js': 'jquery/dist/jquery.min.js',
  'js/spin.js': 'spin.js/spin.min.js',
  'js/toastr.js': 'toastr/build/toastr.min.js',
};

/** Folders of the fonts that the style sheets name as `../fonts/`. */
const fonts = ['bootswatch/fonts', 'font-awesome/fonts'];

/** The npm packages that they are from. */
export const demoPackages: string[] = [
  ...new Set(Object.values(sources).map((source) => source.split('/')[0])),
];

/** Style sheets load fonts of a CDN by this; the browser's own font does as well. */
const remoteImport = /@import\s+url\(["']?https?:[^)]*\);?/g;

/** Lays the files out in `targetFolder`, as the web image expects them in its context. */
export async function stageDemoVendor(targetFolder: string, fromNodeModules: string): Promise<void> {
  for (const [name, source] of Object.entries(sources)) {
    const target = join(targetFolder, name);
    await mkdir(dirname(target), { recursive: true });
    const text = await readFile(join(fromNodeModules, source), 'utf8');
    await writeFile(target, name.endsWith('.css') ? text.replace(remoteImport, '') : text);
  }
  await mkdir(join(targetFolder, 'fonts'), { recursive: true });
  for (const folder of fonts) {
    for (const name of await readdir(join(fromNodeModules, folder))) {
      await copyFile(join(fromNodeModules, folder, name), join(targetFolder, 'fonts', name));
    }
  }
}
