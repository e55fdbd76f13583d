import { join, resolve } from 'node:path';
import { Breather } from '../../breather.js';
import type { BrokenFile } from '../dataset.js';
import type { HeaderProblem } from '../headers/read-header.js';
import { BrokenImages } from './broken.js';
import { rawPath, readablePath } from './file-table.js';
import type { Listing } from './list-folder.js';
import { joinTallies, type Tallies, TallyKeeper, tallyNames } from './tally.js';
import { traitNotes } from './trait-notes.js';
import { whyUnusable } from './unusable.js';
import { passedTexts } from './walk.js';

/** What image files are called: a file of such a name that is none is broken, others are just other files. */
export const IMAGE_ENDING = /\.(?:jpe?g|jfif|png|apng|webp|tiff?|gif|avif|bmp|hei[cf]|jxl|psd)$/i;

export interface UsableOptions {
  /** The most that may be broken, as a part of all. */
  readonly brokenLimit: number;
  /** The folder that was listed. */
  readonly where: string;
  /** See maxPixels. */
  readonly maxPixels?: number | undefined;
  /** Every file is meant as an image, whatever its name. */
  readonly all?: boolean;
  /** The only rows to look at, ascending; left out: all of them. */
  readonly only?: Int32Array;
}

/** The images of a listing that can be used. */
export interface UsableImages {
  /** Of the table, ascending. */
  readonly rows: Int32Array;
  /** What was left out and why: sentences. */
  readonly notes: readonly string[];
  readonly broken: readonly BrokenFile[];
}

/**
 * Separates images from what else lies in a folder. Throws ERR_BYOL_DATA where more of them are broken than `brokenLimit` allows.
 */
export async function usableImages(
  { table, passed }: Listing,
  { brokenLimit, where, maxPixels, all = false, only }: UsableOptions,
): Promise<UsableImages> {
  const breather = new Breather();
  const looked = only?.length ?? table.count;
  const rows = new Int32Array(looked);
  const unusable: BrokenFile[] = [];
  const left = new TallyKeeper<'other' | 'empty'>();
  const folders = new Set<string>();
  const withImages = new Set<string>();
  let count = 0;
  for (let i = 0; i < looked; i += 1) {
    if (i % 1024 === 0) await breather.breathe();
    const row = only === undefined ? i : (only[i] as number);
    const name = rawPath(table, row);
    const folder = name.slice(0, name.lastIndexOf('/') + 1);
    const why = whyUnusable(table, row, maxPixels);
    (why === null ? withImages : folders).add(folder);
    if (why === null) {
      rows[count] = row;
      count += 1;
    } else if (!all && mayBeOther.has(why.problem) && !IMAGE_ENDING.test(name)) left.add('other', readablePath(name));
    else unusable.push({ location: readablePath(name), reason: why.reason });
  }
  const broken = new BrokenImages(count + unusable.length, brokenLimit, where);
  broken.addAll(unusable);
  const root = resolve(where);
  for (const folder of [...withImages]) {
    for (let end = folder.indexOf('/'); end >= 0; end = folder.indexOf('/', end + 1))
      withImages.add(folder.slice(0, end + 1));
  }
  for (const folder of folders) if (folder !== '' && !withImages.has(folder)) left.add('empty', readablePath(folder));
  const used = rows.slice(0, count);
  return {
    rows: used,
    broken: unusable.map(({ location, reason }) => ({ location: join(root, location), reason })),
    notes: [...notesOf(broken, left.finish(), passed), ...traitNotes([{ table, rows: used }])],
  };
}

/** Such a file is broken where its name says that it is an image. */
const mayBeOther: ReadonlySet<HeaderProblem> = new Set(['foreign', 'empty', 'unreadable']);

function notesOf(broken: BrokenImages, left: Tallies<'other' | 'empty'>, passed: Listing['passed']): string[] {
  const other = left.get('other');
  const empty = joinTallies(left.get('empty'), passed.get('empty'));
  return [
    ...(broken.note === null ? [] : [broken.note]),
    ...(other === undefined ? [] : [`Not images, and left out: ${tallyNames(other)}.`]),
    ...(empty === undefined ? [] : [`Folders without any image: ${tallyNames(empty)}.`]),
    ...[...passed]
      .filter(([kind]) => kind !== 'hidden' && kind !== 'empty')
      .map(([kind, tally]) => `Left out as ${passedTexts[kind]}: ${tallyNames(tally)}.`),
  ];
}
