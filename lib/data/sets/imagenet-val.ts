import { join } from 'node:path';
import { ByolError } from '../../errors.js';
import { readMat } from '../mat/read-mat.js';
import { matField, matNumber, matText } from './mat-lists.js';
import { firstWord, isThere, listLines } from './set-lists.js';

/** Classes of ImageNet's validation images where they all lie in one folder, of whichever list is there. */

/** The class (WNID) of each image, by its name without the ending. */
export type ValClasses = ReadonlyMap<string, string>;

const DEVKIT = 'ILSVRC2012_devkit_t12/data';
const TRUTH = 'ILSVRC2012_validation_ground_truth.txt';
const SOLUTION = 'LOC_val_solution.csv';
const PAIRS = 'val.txt';

/** What is looked for, for messages. */
export const VAL_LISTS = `${DEVKIT}, ${SOLUTION} or ${PAIRS}`;

/** The list's folder and name; null: there is none. Of Kaggle's archive it lies beside ILSVRC. */
export async function findValList(folder: string): Promise<readonly [folder: string, list: string] | null> {
  for (const place of [folder, join(folder, '../..'), join(folder, '../../..')]) {
    if (place !== folder && !folder.endsWith(join('Data', 'CLS-LOC'))) break;
    for (const list of [join(DEVKIT, TRUTH), SOLUTION, PAIRS]) if (await isThere(place, list)) return [place, list];
  }
  return null;
}

/**
 * Throws ERR_BYOL_DATA for a damaged list.
 *
 * @param wnids of all classes, by their characters: val.txt, which is Caffe's, has their numbers.
 */
export async function readValClasses(folder: string, list: string, wnids: readonly string[]): Promise<ValClasses> {
  const path = join(folder, list);
  const lines = await listLines(folder, list);
  if (list === SOLUTION) {
    // "ILSVRC2012_val_00048981,n03995372 85 1 499 272", after a line of names.
    const rows = lines.slice(1).map((line) => /^(\w+),(n\d+) /.exec(`${line} `) ?? refuse(path, line));
    return new Map(rows.map(([, image = '', wnid = '']) => [image, wnid]));
  }
  if (list === PAIRS) {
    return new Map(
      lines.map((line) => {
        const [file, target] = firstWord(line, path);
        const wnid = /^\d+$/.test(target) ? wnids[Number(target)] : target;
        return [file.replace(/\.\w+$/, ''), wnid ?? refuse(path, line)];
      }),
    );
  }
  const names = await readSynsets(join(folder, DEVKIT, 'meta.mat'));
  return new Map(
    lines.map((line, i) => [
      `ILSVRC2012_val_${String(i + 1).padStart(8, '0')}`,
      names.get(Number(line)) ?? refuse(path, line),
    ]),
  );
}

/** WNIDs by the numbers that the challenge gives them. */
async function readSynsets(path: string): Promise<ReadonlyMap<number, string>> {
  const { synsets } = await readMat(path, "the classes of ImageNet's development kit", ['synsets']);
  const wnids = matField(synsets, path, 'synsets', 'WNID');
  const numbers = matField(synsets, path, 'synsets', 'ILSVRC2012_ID');
  return new Map(
    numbers.map((number, i) => [
      matNumber(number, path, 'ILSVRC2012_ID', 1),
      matText(wnids[i] ?? number, path, 'WNID'),
    ]),
  );
}

function refuse(path: string, line: string): never {
  throw new ByolError('ERR_BYOL_DATA', `${path} has a line that does not name a class of ImageNet: '${line}'.`);
}
