import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Place } from '../data-kind.js';
import { splitOfFolder } from './layout.js';
import { IMAGE_ENDING } from './usable.js';

/** Folders that are looked into, and names that are read of each: enough to tell, and quick on a network folder. */
const MOST_FOLDERS = 32;
const MOST_NAMES = 256;

/**
 * Whether the files in a folder that may be a data set of another kind (archives, tables) only lie beside photos: the archive that
 * these came in, or what is known of them. There are more images beside them than such files, images in a folder of a split, or in
 * several folders, as of classes; a single folder with some may be of a page about the data set.
 *
 * @param others how many such files there are.
 */
export async function arePhotosBeside({ path, files, folders }: Place, others: number): Promise<boolean> {
  if (files.filter((name) => IMAGE_ENDING.test(name)).length > others) return true;
  let withImages = 0;
  // Folders of splits first: one is enough.
  const inOrder = folders.toSorted((a, b) => Number(splitOfFolder(b) !== null) - Number(splitOfFolder(a) !== null));
  for (const name of inOrder.slice(0, MOST_FOLDERS)) {
    if (!(await hasImages(join(path, name), true))) continue;
    withImages += splitOfFolder(name) === null ? 1 : 2;
    if (withImages >= 2) return true;
  }
  return false;
}

/** Among its first names, or those of the first folder in it. What cannot be read has none. */
async function hasImages(folder: string, deeper: boolean): Promise<boolean> {
  const below: string[] = [];
  try {
    let seen = 0;
    for await (const entry of await opendir(folder)) {
      if (entry.isDirectory()) below.push(entry.name);
      else if (IMAGE_ENDING.test(entry.name)) return true;
      seen += 1;
      if (seen === MOST_NAMES) break;
    }
  } catch {
    return false;
  }
  const [first] = below;
  return deeper && first !== undefined && (await hasImages(join(folder, first), false));
}
