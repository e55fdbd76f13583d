import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ByolError } from '../../errors.js';
import { fileProblem } from '../../files/data-file.js';
import { type SplitName, splitNames } from '../dataset.js';
import type { SetDefinition, SetImage, SplitSizes } from './set-definition.js';
import { firstWord, isThere, listLines } from './set-lists.js';

/**
 * Everingham et al., "The PASCAL Visual Object Classes Challenge". VOC2007/ImageSets/Main/cat_train.txt: "000012 -1"; 1: there is a cat, -1: there is
 * none, 0: there are only such that are hard to see ("difficult"), which counts as none. train.txt, val.txt, test.txt name the images.
 */
export const voc2007 = voc('VOC2007', { train: 2501, val: 2510, test: 4952 });

/** Without test images, whose classes are not public: its validation images are what is measured with. */
export const voc2012 = voc('VOC2012', { train: 5717, val: 0, test: 5823 });

function voc(name: string, sizes: SplitSizes): SetDefinition {
  const main = `${name}/ImageSets/Main`;
  return {
    title: `PASCAL ${name.replace(/(?=\d{4})/, ' ')}, classification`,
    classes: 20,
    several: true,
    metric: 'map11',
    sizes,
    roots: ['', 'VOCdevkit'],
    marks: [`${main}/train.txt`, `${main}/val.txt`, `${name}/JPEGImages`],
    images: `${name}/JPEGImages`,
    async read(folder) {
      const names = await readdir(join(folder, main)).catch((error: NodeJS.ErrnoException) => {
        throw fileProblem(join(folder, main), 'the lists of the set', error);
      });
      const classNames = names.flatMap((file) => /^([a-z]+)_train\.txt$/.exec(file)?.[1] ?? []).sort();
      const measuredIsVal = sizes.val === 0;
      const images: SetImage[] = [];
      for (const split of splitNames) {
        if (split === 'test' && (measuredIsVal || !(await isThere(folder, `${main}/test.txt`)))) continue;
        images.push(
          ...(await readSplit(folder, main, split, classNames, measuredIsVal && split === 'val' ? 'test' : split)),
        );
      }
      return { classNames, images };
    },
  };
}

async function readSplit(
  folder: string,
  main: string,
  list: SplitName,
  classNames: readonly string[],
  split: SplitName,
): Promise<SetImage[]> {
  const labels = new Map((await listLines(folder, `${main}/${list}.txt`)).map((line) => [line, [] as number[]]));
  for (const [number, name] of classNames.entries()) {
    const file = `${main}/${name}_${list}.txt`;
    for (const line of await listLines(folder, file)) {
      const [image, presence] = firstWord(line, file);
      const found = labels.get(image);
      const isSound = found !== undefined && /^(?:1|0|-1)$/.test(presence);
      if (!isSound) {
        const what = found === undefined ? `an image that ${list}.txt does not have` : 'neither 1, 0 nor -1';
        throw new ByolError('ERR_BYOL_DATA', `${join(folder, file)} has ${what}: '${line}'.`);
      }
      if (presence === '1') found.push(number);
    }
  }
  return [...labels].map(([image, label]) => ({ path: `${image}.jpg`, label, split }));
}
