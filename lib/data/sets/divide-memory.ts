import { ByolError } from '../../errors.js';
import { classLabels, type Dataset, type ImageSplit } from '../dataset.js';
import { classSizes, indicesWhere } from '../indices.js';
import { subset } from '../subset.js';
import { holdOut } from './hold-out.js';
import type { HeldOut } from './set-definition.js';

/** The same images in memory, all of one size and of one class each, with some of the training images as validation images. */
export async function withHeldOut(data: Dataset, rule: HeldOut): Promise<Dataset> {
  const { train, test } = data;
  const labels = classLabels(train.targets);
  if (labels === null) throw new ByolError('ERR_BYOL_DATA', 'Without labels no images can be held out class by class.');
  const held = await holdOut(labels, rule, await classSizes(classLabels(test?.targets ?? null) ?? []));
  const part = async (value: number): Promise<ImageSplit> =>
    subset(train, await indicesWhere(train.count, (image) => held[image] === value));
  return { ...data, train: await part(0), val: await part(1) };
}
