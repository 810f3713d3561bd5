/** A film as it may come, made into one that the gateway plays, by the real tools. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addFile } from '../../scripts/lib/media-add.ts';
import { checkFile, probeFile } from '../../scripts/lib/media-check.ts';
import { findRenditions } from '../../scripts/lib/media-renditions.ts';
import { findMediaTools, type MediaTools } from '../../scripts/lib/media-tools.ts';

let tools: MediaTools;
let folder: string;
let media: string;
let film: string;

beforeAll(async () => {
  tools = await findMediaTools();
  folder = await mkdtemp(join(tmpdir(), 'media-add-'));
  media = join(folder, 'media');
  film = join(folder, 'film.mkv');
  // B-frames, one key frame, and two sounds that browsers do not know.
  const args = [
    ...['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25:duration=6'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=500:duration=6', '-map', '0:v', '-map', '1:a', '-map', '1:a'],
    ...['-codec:v', 'libx264', '-preset', 'veryfast', '-bf', '2', '-g', '1000', '-codec:a', 'ac3'],
    ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=deu', 'film.mkv'],
  ];
  await tools.run({ tool: 'ffmpeg', args, folder, inputs: [], output: 'film.mkv' });
});

afterAll(() => rm(folder, { recursive: true }));

it('makes a film one that can be played, with Opus beside each of its sounds', async () => {
  const before = await readFile(film);
  const progress: number[] = [];
  const { path, reasons } = await addFile(film, media, tools, (fraction) => progress.push(fraction));
  expect(path).toBe(join(media, 'film.mp4'));
  expect(reasons).toHaveLength(5);
  expect(await checkFile(path, tools)).toMatchObject({ problems: [] });
  const { streams = [] } = await probeFile(path, tools);
  expect(streams.map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac', 'aac', 'opus', 'opus']);
  expect(progress.length).toBeGreaterThan(0);
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  expect(progress.at(-1)).toBeGreaterThan(0.9);
  expect(await readFile(film)).toEqual(before);

  const again = await addFile(path, join(folder, 'again'), tools, () => {});
  expect(again.reasons).toEqual([]);
  expect(await readFile(again.path)).toEqual(await readFile(path));
});

it('makes the same in fewer lines beside a film, once', async () => {
  const there = join(media, 'film.mp4');
  const progress: number[] = [];
  const [found, ...others] = await findRenditions(there, tools);
  expect(found).toMatchObject({ name: 'film.180p.mp4' });
  expect(others).toEqual([]);
  await found.make?.((fraction) => progress.push(fraction));
  expect(progress.at(-1)).toBeGreaterThan(0.9);
  const path = join(media, found.name);
  expect(await checkFile(path, tools)).toMatchObject({ problems: [] });
  const { streams = [] } = await probeFile(path, tools);
  expect(streams).toMatchObject([{ codec_name: 'h264', width: 240, height: 180 }]);
  expect((await stat(path)).size).toBeLessThan((await stat(there)).size);
  expect(await findRenditions(there, tools)).toEqual([{ name: 'film.180p.mp4' }]);
  await expect(found.make?.(() => {})).rejects.toThrow(`There is ${path} already`);
});

it('never takes the place of a file that is there', async () => {
  const there = join(media, 'film.mp4');
  await writeFile(there, 'mine');
  await expect(addFile(film, media, tools, () => {})).rejects.toThrow(`There is ${there} already`);
  expect(await readFile(there, 'utf8')).toBe('mine');
});
