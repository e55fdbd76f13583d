import { splitNames } from '../dataset.js';
import type { SetDefinition } from './set-definition.js';
import { firstWord, listLines, type NamedImage, namedContents } from './set-lists.js';

/** Maji et al., "Fine-Grained Visual Classification of Aircraft", 2013; its variants. data/images_variant_train.txt, ...: "1025794 707-320". */
export const aircraft: SetDefinition = {
  title: 'FGVC Aircraft, variants',
  classes: 100,
  metric: 'mean-per-class',
  sizes: { train: 3334, val: 3333, test: 3333 },
  marks: splitNames.map((split) => `data/images_variant_${split}.txt`),
  images: 'data/images',
  async read(folder) {
    const images: NamedImage[] = [];
    for (const split of splitNames) {
      const list = `data/images_variant_${split}.txt`;
      for (const line of await listLines(folder, list)) {
        const [image, name] = firstWord(line, list);
        images.push({ path: `${image}.jpg`, name, split });
      }
    }
    return namedContents(images);
  },
};
