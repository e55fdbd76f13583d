import { join } from 'node:path';
import { ByolError } from '../../errors.js';
import { readDataFile } from '../../files/data-file.js';
import type { SetDefinition, SetImage } from './set-definition.js';
import { isThere } from './set-lists.js';

/**
 * Berg et al., "Birdsnap: Large-scale Fine-grained Visual Categorization of Birds", CVPR 2014. Tables with tabs and a line of names: images.txt has of each
 * image `path` ("Blue_Jay/85438.jpg") and `species_id`, species.txt of each class `id` and `common`, test_images.txt the `path` of each test image. Its
 * get_birdsnap.py puts photos into download/images, others into images; many are no longer to be had.
 *
 * As many validation images of each class as test images, which is what the paper's text says (D.1); its table has twice as many of them
 * (4,981, and 42,405 to train with), which this rule does not give.
 */
export const birdsnap: SetDefinition = {
  title: 'Birdsnap',
  classes: 500,
  sizes: { train: 44_943, val: 2443, test: 2443 },
  heldOut: { asTest: true },
  marks: ['images.txt', 'species.txt', 'test_images.txt'],
  async read(folder) {
    const ids = await readColumn(folder, 'species.txt', 'id');
    const classNames = await readColumn(folder, 'species.txt', 'common');
    const numbers = new Map(ids.map((id, number) => [id, number]));
    const paths = await readColumn(folder, 'images.txt', 'path');
    const species = await readColumn(folder, 'images.txt', 'species_id');
    const tested = new Set(await readColumn(folder, 'test_images.txt', 'path'));
    const inside = (await isThere(folder, 'download/images')) ? 'download/images' : 'images';
    const images = paths.map((path, i): SetImage => {
      const label = numbers.get(species[i] ?? '');
      if (label === undefined)
        return refuse(folder, 'images.txt', `has ${path} of a species that species.txt does not have`);
      return { path: `${inside}/${path}`, label, split: tested.delete(path) ? 'test' : 'train' };
    });
    const [unknown] = tested;
    if (unknown !== undefined) refuse(folder, 'test_images.txt', `has ${unknown}, which images.txt does not have`);
    return { classNames, images };
  },
};

/** The fields of a table in one column. */
async function readColumn(folder: string, file: string, column: string): Promise<string[]> {
  const text = Buffer.from(await readDataFile(join(folder, file), 'a table of Birdsnap')).toString('utf8');
  const [names = [], ...rows] = text
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
  const place = names.indexOf(column);
  if (place < 0) return refuse(folder, file, `has no column '${column}' but ${names.join(', ')}`);
  return rows.map((row, i) => row[place] || refuse(folder, file, `has nothing in column '${column}' of row ${i + 1}`));
}

function refuse(folder: string, file: string, problem: string): never {
  throw new ByolError('ERR_BYOL_DATA', `${join(folder, file)} ${problem}.`);
}
