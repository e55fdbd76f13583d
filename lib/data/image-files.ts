import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ByolError } from '../errors.js';
import { fileReason } from '../files/data-file.js';

/** What image files are called that are looked for in folders. */
const IMAGE = /\.(jpe?g|png|webp|tiff?|gif|avif)$/i;

/**
 * Files as they are given, and of folders all image files in them, at any depth, by name. Throws ERR_BYOL_DATA for a path that
 * is not there, and a folder without any image.
 */
export async function findImageFiles(places: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const place of places) {
    try {
      if ((await stat(place)).isDirectory()) found.push(...(await imagesIn(place)));
      else found.push(place);
    } catch (error) {
      if (error instanceof ByolError) throw error;
      const reason = fileReason(error as NodeJS.ErrnoException);
      throw new ByolError('ERR_BYOL_DATA', `Cannot read ${place}: ${reason}.`, { cause: error });
    }
  }
  return found;
}

async function imagesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory() && IMAGE.test(entry.name));
  if (files.length === 0) throw new ByolError('ERR_BYOL_DATA', `There is no image file in ${folder}.`);
  return files.map(({ parentPath, name }) => join(parentPath, name)).sort();
}
