import type { SetDefinition } from './set-definition.js';
import { firstWord, listLines, type NamedImage, namedContents } from './set-lists.js';

/**
 * Parkhi et al., "Cats and Dogs", CVPR 2012. annotations/trainval.txt, test.txt: "american_bulldog_10 2 2 1", of which the first is the image,
 * named after its breed.
 */
export const pets: SetDefinition = {
  title: 'Oxford-IIIT Pets',
  classes: 37,
  metric: 'mean-per-class',
  sizes: { train: 2940, val: 740, test: 3669 },
  heldOut: { ofEachClass: 20 },
  marks: ['annotations/trainval.txt', 'annotations/test.txt', 'images'],
  images: 'images',
  async read(folder) {
    const images: NamedImage[] = [];
    for (const [file, split] of [
      ['trainval', 'train'],
      ['test', 'test'],
    ] as const) {
      const list = `annotations/${file}.txt`;
      for (const line of await listLines(folder, list)) {
        const [image] = firstWord(line, list);
        images.push({ path: `${image}.jpg`, name: image.slice(0, image.lastIndexOf('_')), split });
      }
    }
    return namedContents(images);
  },
};
