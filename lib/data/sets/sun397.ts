import type { SetDefinition } from './set-definition.js';
import { folderOf, isThere, listLines, type NamedImage, namedContents } from './set-lists.js';

const [TRAIN, TEST, CLASSES] = ['Training_01.txt', 'Testing_01.txt', 'ClassName.txt'];

/**
 * Xiao et al., "SUN Database", CVPR 2010; the first of ten partitions. The lists of Partitions.zip lie beside the folders of images or in Partitions/:
 * "/a/abbey/sun_aaalbzqrimafwbiv.jpg", and "/a/abbey" in that of the classes.
 */
export const sun397: SetDefinition = {
  title: 'SUN397, first partition',
  classes: 397,
  sizes: { train: 15_880, val: 3970, test: 19_850 },
  heldOut: { ofEachClass: 10 },
  marks: ['a', 'c'],
  tells: async (folder) => (await listsOf(folder)) !== null,
  async read(folder) {
    const lists = (await listsOf(folder)) ?? '';
    const classes = await listLines(folder, `${lists}${CLASSES}`);
    const images: NamedImage[] = [];
    for (const [file, split] of [
      [TRAIN, 'train'],
      [TEST, 'test'],
    ] as const) {
      const list = `${lists}${file}`;
      for (const line of await listLines(folder, list))
        images.push({ path: line.replace(/^\//, ''), name: nameOf(folderOf(line, list)), split });
    }
    return namedContents(images, classes.map(nameOf), `${lists}${TRAIN}`);
  },
};

async function listsOf(folder: string): Promise<string | null> {
  for (const lists of ['', 'Partitions/']) {
    const found = await Promise.all([TRAIN, TEST, CLASSES].map((file) => isThere(folder, `${lists}${file}`)));
    if (found.every(Boolean)) return lists;
  }
  return null;
}

/** "church/indoor" of "/c/church/indoor" */
function nameOf(folder: string): string {
  return folder.replace(/^\/?[a-z]\//, '');
}
