import type { SetDefinition } from './set-definition.js';
import { folderOf, listLines, type NamedImage, namedContents } from './set-lists.js';

/** Bossard et al., "Food-101", ECCV 2014. meta/train.txt, meta/test.txt: "apple_pie/1005649". */
export const food101: SetDefinition = {
  title: 'Food-101',
  classes: 101,
  sizes: { train: 68_175, val: 7575, test: 25_250 },
  heldOut: { images: 7575, of: 75_750 },
  marks: ['meta/train.txt', 'meta/test.txt', 'images'],
  images: 'images',
  async read(folder) {
    const images: NamedImage[] = [];
    for (const split of ['train', 'test'] as const) {
      const list = `meta/${split}.txt`;
      for (const line of await listLines(folder, list))
        images.push({ path: `${line}.jpg`, name: folderOf(line, list), split });
    }
    return namedContents(images);
  },
};
