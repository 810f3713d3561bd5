/** The sample film in the other forms that films come in. */
import { chmodSync, cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { findMediaTools } from '../../scripts/lib/media-tools.ts';
import { mediaFolder } from './deployment.ts';

const encoded = (profile: string) => [
  ...[
    '-t',
    '10',
    '-codec:v',
    'libx264',
    '-profile:v',
    profile,
    '-preset',
    'veryfast',
    '-bf',
    '0',
    '-g',
    '25',
  ],
  ...['-codec:a', 'copy'],
];

const recipes: Record<string, string[]> = {
  'main.mp4': encoded('main'),
  'high.mp4': encoded('high'),
  'fragments.mp4': ['-codec', 'copy', '-movflags', 'frag_keyframe+empty_moov+dash+global_sidx'],
  // From the middle of a group of pictures on, by an edit list.
  'cut.mp4': ['-codec', 'copy'],
  'opus.mp4': ['-codec:v', 'copy', '-codec:a', 'libopus'],
  'sample.ogg': ['-vn', '-codec:a', 'libopus'],
  'sample.flac': ['-vn', '-codec:a', 'flac'],
};

export const films = Object.keys(recipes).filter((name) => name.endsWith('.mp4'));
export const sounds = Object.keys(recipes).filter((name) => !name.endsWith('.mp4'));

/** Makes a media folder with them beside the samples. */
export async function mediaWithForms(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'janus-deploy-forms-'));
  const tools = await findMediaTools();
  // Not what another run is making there.
  cpSync(mediaFolder, folder, { recursive: true, filter: (path) => !basename(path).startsWith('.') });
  for (const [output, args] of Object.entries(recipes)) {
    const start = output === 'cut.mp4' ? ['-ss', '3.4'] : [];
    const inputs = ['sample.mp4'];
    await tools.run({
      tool: 'ffmpeg',
      folder,
      inputs,
      output,
      args: [...start, '-i', ...inputs, ...args, output],
    });
  }
  // The gateway reads it as another user.
  chmodSync(folder, 0o755);
  return folder;
}
