import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { ByolError } from '../../errors.js';
import { findValList, readValClasses, VAL_LISTS } from './imagenet-val.js';
import type { SetContents, SetDefinition } from './set-definition.js';
import { type NamedImage, namedContents, sortedNames } from './set-lists.js';

const WNID = /^n\d{8}$/;
const CLASSES = 1000;

/**
 * Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", 2015 (ILSVRC 2012): train/n01440764/*.JPEG, and val with such folders, or with all images and a list
 * of their classes. Labels are in the order of the WNIDs, as everywhere. Its validation images are what is measured with.
 *
 * The paper's 10,009 validation images are the last ones of an order in which TensorFlow Datasets has shuffled the training images; here they are drawn.
 */
export const imagenet: SetDefinition = {
  title: 'ImageNet (ILSVRC 2012)',
  classes: CLASSES,
  sizes: { train: 1_271_158, val: 10_009, test: 50_000 },
  heldOut: { images: 10_009, of: 1_281_167 },
  toPretrainOn: true,
  roots: ['', 'Data/CLS-LOC', 'ILSVRC/Data/CLS-LOC'],
  marks: ['train', 'val'],
  tells: isImagenet,
  read: readImagenet,
};

/** Smaller sets in folders of the same names are left to the kind 'folder'. */
async function isImagenet(folder: string): Promise<boolean> {
  const train = await readdir(join(folder, 'train')).catch(() => []);
  const wnids = train.filter((name) => WNID.test(name)).length;
  return wnids === CLASSES || (wnids > 0 && (await findValList(folder)) !== null);
}

async function readImagenet(folder: string, files: () => readonly string[]): Promise<SetContents> {
  const named: NamedImage[] = [];
  const flat: string[] = [];
  for (const path of files()) {
    const [split, second = '', third, ...deeper] = path.split('/');
    if (split === 'val' && third === undefined) flat.push(path);
    const isOfClass = WNID.test(second) && third !== undefined && deeper.length === 0;
    if (isOfClass && split === 'train') named.push({ path, name: second, split });
    if (isOfClass && split === 'val') named.push({ path, name: second, split: 'test' });
  }
  const wnids = sortedNames(named.map(({ name }) => name));
  const known = new Set(wnids);
  if (flat.length === 0) return namedContents(named, wnids);
  const list = await findValList(folder);
  if (list === null) {
    const note = `The images in ${join(folder, 'val')} are of classes that nothing tells, so they are left out: put ${VAL_LISTS} into ${folder}.`;
    return { ...namedContents(named, wnids), notes: [note] };
  }
  const classes = await readValClasses(...list, wnids);
  for (const path of flat) {
    const name = classes.get(parse(path).name);
    if (name === undefined)
      throw new ByolError('ERR_BYOL_DATA', `${join(...list)} does not say of which class ${path} is.`);
    // Of a sample of the classes others may be listed.
    if (known.has(name)) named.push({ path, name, split: 'test' });
  }
  return namedContents(named, wnids);
}
