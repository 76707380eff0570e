/** Bytes of objects, and of parts of some, on their way into files. */
import type { Hash } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';

/**
 * Writes under another name first: an upload that breaks off leaves nothing.
 * @param hashes told of every byte
 * @returns how many there are
 */
export async function write(path: string, body: Readable, hashes: readonly Hash[]): Promise<number> {
  let size = 0;
  const file = await open(`${path}.part`, 'w');
  try {
    for await (const chunk of body) {
      for (const hash of hashes) hash.update(chunk);
      size += (chunk as Buffer).length;
      await file.writeFile(chunk);
    }
  } catch (error) {
    rmSync(`${path}.part`, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  renameSync(`${path}.part`, path);
  return size;
}
