import { ByolError } from '../../errors.js';
import type { SetDefinition, SetImage } from './set-definition.js';
import { firstWord, isThere, listLines } from './set-lists.js';

const [TRAIN, VAL, CLASSES] = ['places365_train_standard.txt', 'places365_val.txt', 'categories_places365.txt'];

/**
 * Zhou et al., "Places: A 10 Million Image Database for Scene Recognition", 2017; Places365-Standard at 256 x 256 pixels. Its validation images are what is measured
 * with. categories_places365.txt: "/a/airfield 0"; places365_train_standard.txt: "/a/airfield/00000001.jpg 0", in data_256 (also data_256_standard);
 * places365_val.txt: "Places365_val_00000001.jpg 165", in val_256.
 */
export const places365: SetDefinition = {
  title: 'Places365-Standard',
  classes: 365,
  sizes: { train: 1_803_460, val: 0, test: 36_500 },
  toPretrainOn: true,
  marks: [TRAIN, VAL, CLASSES],
  async read(folder) {
    const classNames: string[] = [];
    for (const line of await listLines(folder, CLASSES)) {
      const [name, number] = firstWord(line, CLASSES);
      classNames[classOf(number, CLASSES)] = name.replace(/^\/[a-z]\//, '');
    }
    const trainFolder = (await isThere(folder, 'data_256_standard')) ? 'data_256_standard' : 'data_256';
    const images: SetImage[] = [];
    for (const [list, inside, split] of [
      [TRAIN, trainFolder, 'train'],
      [VAL, 'val_256', 'test'],
    ] as const) {
      for (const line of await listLines(folder, list)) {
        const [path, number] = firstWord(line, list);
        const label = classOf(number, list);
        if (classNames[label] === undefined)
          throw new ByolError(
            'ERR_BYOL_DATA',
            `${list} has an image of class ${label}, which ${CLASSES} does not name.`,
          );
        images.push({ path: `${inside}/${path.replace(/^\//, '')}`, label, split });
      }
    }
    return { classNames, images };
  },
};

function classOf(number: string, list: string): number {
  if (/^\d{1,3}$/.test(number)) return Number(number);
  throw new ByolError(
    'ERR_BYOL_DATA',
    `${list} should have the number of a class in each line, 0 to 364, and has '${number}'.`,
  );
}
