import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { fileProblem } from '../../files/data-file.js';
import { readFully } from '../../files/read-fully.js';
import type { OpenOptions } from '../data-kind.js';
import { readStoreIndex } from './read-store.js';

/** What a store's sums say of it. */
export interface StoreVerdict {
  readonly images: number;
  readonly bytes: number;
  /** Names of the images whose pixels are not those that were packed. */
  readonly damaged: readonly string[];
}

/** Read at a time. */
const CHUNK = 2 ** 24;

/**
 * Reads a store once and compares all its checksums. Throws ERR_BYOL_DATA where its header or index is damaged, or it cannot be read; the
 * signal's reason.
 */
export async function verifyStore(path: string, { onProgress, signal }: OpenOptions = {}): Promise<StoreVerdict> {
  const { header, offsets, heights, widths, sums, name } = await readStoreIndex(path);
  const damaged: string[] = [];
  const { images, fileBytes } = header;
  const end = (image: number): number =>
    (offsets[image] as number) + (heights[image] as number) * (widths[image] as number) * 3;
  const file = await open(path, 'r');
  try {
    for (let first = 0, next = 0; first < images; first = next) {
      signal?.throwIfAborted();
      const start = offsets[first] as number;
      next = first + 1;
      while (next < images && end(next) - start <= CHUNK) next += 1;
      const bytes = await readFully(file, start, end(next - 1) - start);
      for (let image = first; image < next; image += 1) {
        const pixels = bytes.subarray((offsets[image] as number) - start, end(image) - start);
        if (crc32(pixels) !== sums[image]) damaged.push(name(image));
      }
      onProgress?.({ phase: 'verifying', done: next, total: images });
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw fileProblem(path, 'a packed store of images', error as NodeJS.ErrnoException);
  } finally {
    await file.close();
  }
  return { images, bytes: fileBytes, damaged };
}
