/** Writes a file so that a reader, or a power cut, meets the old text or the new one, never a part. */
import { rename, writeFile } from 'node:fs/promises';

/** @param mode permission bits, e.g. 0o600 */
export async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.new`, text, { mode });
  await rename(`${path}.new`, path);
}
