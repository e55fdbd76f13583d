import { join } from 'node:path';
import { ByolError } from '../../errors.js';
import { readMat } from '../mat/read-mat.js';
import { matNumbers } from './mat-lists.js';
import type { SetDefinition, SetImage } from './set-definition.js';

/**
 * Nilsback and Zisserman, "Automated flower classification over a large number of classes", 2008. imagelabels.mat has the class of jpg/image_00001.jpg, ... in turn, 1 to
 * 102, which have no names; setid.mat the numbers of the training, validation and test images, from 1.
 */
export const flowers102: SetDefinition = {
  title: 'Oxford Flowers-102',
  classes: 102,
  metric: 'mean-per-class',
  sizes: { train: 1020, val: 1020, test: 6149 },
  marks: ['imagelabels.mat', 'setid.mat', 'jpg'],
  images: 'jpg',
  async read(folder) {
    const file = join(folder, 'imagelabels.mat');
    const { labels } = await readMat(file, 'the classes of Flowers-102', ['labels']);
    const classes = matNumbers(labels, file, 'labels', 1);
    const setFile = join(folder, 'setid.mat');
    const ids = await readMat(setFile, 'the splits of Flowers-102', ['trnid', 'valid', 'tstid']);
    const images: SetImage[] = [];
    for (const [name, split] of [
      ['trnid', 'train'],
      ['valid', 'val'],
      ['tstid', 'test'],
    ] as const) {
      for (const id of matNumbers(ids[name], setFile, name, 1)) {
        const label = classes[id - 1];
        if (label === undefined)
          throw new ByolError(
            'ERR_BYOL_DATA',
            `${setFile} names image ${id}, and ${file} has ${classes.length} classes of images.`,
          );
        images.push({ path: `image_${String(id).padStart(5, '0')}.jpg`, label: label - 1, split });
      }
    }
    const most = classes.reduce((largest, label) => Math.max(largest, label), 0);
    return { classNames: Array.from({ length: most }, (_, label) => String(label + 1)), images };
  },
};
