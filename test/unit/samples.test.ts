import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { films, renderFilm } from '../../scripts/lib/samples/films.ts';
import { notes, renderSound, wavFile } from '../../scripts/lib/samples/sound.ts';
import { ensureSamples } from '../../scripts/lib/samples.ts';
import { counterLayout, decodeFrame } from '../support/frame-counter.ts';

describe.each(Object.entries(films))('the film %s', (_, film) => {
  it('carries its counter in every frame', () => {
    const { width, x, y, cell, cells } = counterLayout;
    let frame = 0;
    for (const pixels of renderFilm(film)) {
      const middle = (y + cell / 2) * width + x + cell / 2;
      const levels = Array.from({ length: cells }, (_, index) => pixels[(middle + index * cell) * 3]);
      expect(decodeFrame(levels)).toEqual({ film: film.id, frame });
      frame++;
      if (frame === 60) break;
    }
  });

  it('ends with the last note, so that a loop goes on in tune', () => {
    expect(film.seconds % notes.length).toBe(0);
  });
});

describe('the sound', () => {
  it('does not clip', () => {
    const samples = renderSound({ seconds: 12, sampleRate: 8000, channels: 2 });
    expect(samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0)).toBeLessThan(20_000);
  });

  it('becomes a wav file with a comment at its end', () => {
    const format = { seconds: 1, sampleRate: 8000, channels: 1 } as const;
    const file = wavFile(renderSound(format), format, 'odd');
    expect(file.toString('latin1', 0, 4)).toBe('RIFF');
    expect(file.readUInt32LE(4)).toBe(file.length - 8);
    expect(file.toString('latin1', 36, 40)).toBe('data');
    expect(file.readUInt32LE(40)).toBe(16_000);
    expect(file.toString('latin1', 16_044)).toContain('ICMT\x04\0\0\0odd\0');
  });
});

describe('a folder', () => {
  const names = ['sample.wav', 'sample-8k.wav', 'sample.mp3', 'sample.mp4', 'sample-8k.mp4', 'sample-2.mp4'];
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'samples-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('whose files are not of our making is left alone', async () => {
    for (const name of names) await writeFile(join(folder, name), `my own ${name}`);
    expect(await ensureSamples(folder)).toBe(
      `0 files in ${folder}, up to date; not of our making and left alone: ${names.join(', ')}`,
    );
    expect(await readFile(join(folder, 'sample.mp4'), 'utf8')).toBe('my own sample.mp4');
    expect((await readdir(folder)).sort()).toEqual(names.toSorted());
  });

  it('that is a file is refused with what to do', async () => {
    const file = join(folder, 'media');
    await writeFile(file, '');
    await expect(ensureSamples(file)).rejects.toThrow(/cannot be read \(ENOTDIR\); make the folder/);
  });
});
