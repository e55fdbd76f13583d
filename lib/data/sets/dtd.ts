import { splitNames } from '../dataset.js';
import type { SetDefinition } from './set-definition.js';
import { folderOf, listLines, type NamedImage, namedContents } from './set-lists.js';

/** Cimpoi et al., "Describing Textures in the Wild", CVPR 2014; the first of ten partitions. labels/train1.txt, ...: "banded/banded_0002.jpg". */
export const dtd: SetDefinition = {
  title: 'Describable Textures (DTD), first partition',
  classes: 47,
  sizes: { train: 1880, val: 1880, test: 1880 },
  marks: ['labels/train1.txt', 'labels/val1.txt', 'labels/test1.txt', 'images'],
  images: 'images',
  async read(folder) {
    const images: NamedImage[] = [];
    for (const split of splitNames) {
      const list = `labels/${split}1.txt`;
      for (const path of await listLines(folder, list)) images.push({ path, name: folderOf(path, list), split });
    }
    return namedContents(images);
  },
};
