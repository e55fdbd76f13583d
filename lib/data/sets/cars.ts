import { join } from 'node:path';
import { ByolError } from '../../errors.js';
import { readMat } from '../mat/read-mat.js';
import { matField, matNumber, matText, matTexts } from './mat-lists.js';
import type { SetDefinition, SetImage } from './set-definition.js';
import { isThere } from './set-lists.js';

const LABELLED = 'cars_test_annos_withlabels.mat';

/**
 * Krause et al., "Collecting a Large-Scale Dataset of Fine-Grained Cars", 2013. devkit/cars_meta.mat names the classes; devkit/cars_train_annos.mat and
 * cars_test_annos_withlabels.mat, beside devkit or in it, have of each image `fname` and `class`, from 1, for the photos of cars_train and cars_test.
 */
export const cars: SetDefinition = {
  title: 'Stanford Cars',
  classes: 196,
  sizes: { train: 6494, val: 1650, test: 8041 },
  heldOut: { images: 1650, of: 8144 },
  marks: ['devkit/cars_meta.mat', 'devkit/cars_train_annos.mat'],
  async read(folder) {
    const metaFile = join(folder, 'devkit', 'cars_meta.mat');
    const { class_names } = await readMat(metaFile, 'the classes of Stanford Cars', ['class_names']);
    const classNames = matTexts(class_names, metaFile, 'class_names');
    const train = await annotated(folder, 'devkit/cars_train_annos.mat', 'train', classNames.length);
    for (const file of [LABELLED, `devkit/${LABELLED}`]) {
      if (!(await isThere(folder, file))) continue;
      return { classNames, images: [...train, ...(await annotated(folder, file, 'test', classNames.length))] };
    }
    return {
      classNames,
      images: train,
      notes: [`There are no classes of the test images (${LABELLED}), so they are left out.`],
    };
  },
};

async function annotated(folder: string, file: string, split: 'train' | 'test', classes: number): Promise<SetImage[]> {
  const path = join(folder, file);
  const { annotations } = await readMat(path, `the ${split} images of Stanford Cars`, ['annotations']);
  const names = matField(annotations, path, 'annotations', 'fname');
  const labels = matField(annotations, path, 'annotations', 'class');
  return names.map((value, i) => {
    const label = labels[i];
    const number = label === undefined ? 0 : matNumber(label, path, 'class', 1);
    const name = matText(value, path, 'fname');
    if (number < 1 || number > classes)
      throw new ByolError('ERR_BYOL_DATA', `${path} has ${name} of class ${number}, and there are ${classes}.`);
    return { path: `cars_${split}/${name}`, label: number - 1, split };
  });
}
