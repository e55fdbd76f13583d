import { Breather } from '../../breather.js';
import { ByolError } from '../../errors.js';
import { count } from '../../text/format.js';
import type { SplitName } from '../dataset.js';
import { type FileTable, rawPath, readablePath } from '../photos/file-table.js';
import { TallyKeeper, tallyNames } from '../photos/tally.js';
import { IMAGE_ENDING } from '../photos/usable.js';
import type { SetImage } from './set-definition.js';

/** Which files the images on the lists of a set are. */
export interface SetRows {
  /** Of the table, ascending. */
  readonly rows: Int32Array;
  /** Of each row its image on the lists. */
  readonly images: readonly SetImage[];
  /** Images on the lists that are not there, and lines that say something again. */
  readonly notes: readonly string[];
}

/** Those of a listing that are called like images, ascending. */
export function imageFiles(table: FileTable): string[] {
  const paths: string[] = [];
  for (let row = 0; row < table.count; row += 1) {
    const path = rawPath(table, row);
    if (IMAGE_ENDING.test(path)) paths.push(readablePath(path));
  }
  return paths;
}

/**
 * Images by the bytes of their paths, each once. Throws ERR_BYOL_DATA where lists have one in two splits, or in two classes.
 *
 * @param title of the set, for messages.
 */
export async function sortImages(title: string, listed: readonly SetImage[]): Promise<SetImage[]> {
  const sorted = listed
    .map((image) => ({ image, raw: rawOf(image.path) }))
    .sort((a, b) => (a.raw < b.raw ? -1 : Number(a.raw > b.raw)));
  const breather = new Breather();
  const images: SetImage[] = [];
  for (const [i, { image, raw }] of sorted.entries()) {
    if (i % 1024 === 0) await breather.breathe();
    const before = sorted[i - 1];
    if (before?.raw !== raw) images.push(image);
    else if (before.image.split !== image.split || String(before.image.label) !== String(image.label)) {
      throw new ByolError(
        'ERR_BYOL_DATA',
        `The lists of ${title} have ${image.path} twice: ${told(before.image)} and ${told(image)}.`,
      );
    }
  }
  return images;
}

function told({ split, label }: SetImage): string {
  return `to ${split}, of class ${String(label)}`;
}

/**
 * Throws ERR_BYOL_DATA where none of them is there.
 *
 * @param images as sortImages() gives them.
 * @param where they were looked for, for messages.
 */
export async function matchFiles(
  title: string,
  images: readonly SetImage[],
  table: FileTable,
  where: string,
): Promise<SetRows> {
  const breather = new Breather();
  const rows: number[] = [];
  const found: SetImage[] = [];
  const missing = new TallyKeeper<SplitName>();
  // Both ascend by the same order.
  let row = 0;
  let file = table.count > 0 ? rawPath(table, 0) : null;
  for (const [i, image] of images.entries()) {
    if (i % 1024 === 0) await breather.breathe();
    const raw = rawOf(image.path);
    while (file !== null && file < raw) {
      row += 1;
      file = row < table.count ? rawPath(table, row) : null;
    }
    if (file !== raw) missing.add(image.split, image.path);
    else {
      rows.push(row);
      found.push(image);
    }
  }
  const absent = [...missing.finish()];
  if (rows.length === 0) {
    const [[, first] = []] = absent;
    const names = first === undefined ? '' : `: ${tallyNames(first)}`;
    throw new ByolError(
      'ERR_BYOL_DATA',
      `None of the ${count(images.length)} images that the lists of ${title} have is in ${where}${names}.`,
    );
  }
  const notes = absent.map(
    ([split, tally]) =>
      `On the lists of ${title} and not in ${where}: ${count(tally.count)} images to ${split === 'val' ? 'validate with' : split} (${tallyNames(tally)}).`,
  );
  return { rows: Int32Array.from(rows), images: found, notes };
}

function rawOf(path: string): string {
  // Of a million names nearly all are ASCII, which are their own bytes.
  return /^[\x20-\x7e]*$/.test(path) ? path : Buffer.from(path).toString('latin1');
}
