import type { ConfigPatch } from '../../config/layers.js';
import type { Config } from '../../config/schema.js';
import type { EncoderRow } from '../encoders/encoder-table.js';

/** What several tables of encoders have in common. */

/** Explains why BYOL's encoders of scale 'ci' are behind SimCLR's. */
export const BYOL_HAS_HARDLY_BEGUN =
  "After 600 steps on 1,000 photos BYOL has hardly begun: a linear classifier reads no more from its features than from an untrained network's on VOC2007 (15.4 and 15.4 %) and Flowers (49.4 and 51.0 %), and some more on CIFAR10 (43.1 and 37.7 %). SimCLR learns faster: on textures, where both can be trained to their end, it is ahead after 20 epochs and the same after 40 (bench/tables/converged.yaml, five seeds).";

/** The network of an encoder's row, `times` as wide as the base's (2×: R50 2×). */
export function wider(times: number): (base: Config) => ConfigPatch {
  return ({ encoder }) => ({ encoder: { width: times * encoder.width } });
}

/** ResNet-200 is a ResNet-50 with more blocks in its second and third stage. Of networks of one block a stage: two of each. */
export function deeper(times: number): (base: Config) => ConfigPatch {
  return (base) => {
    const [first, second, third, last] = base.encoder.blocks as [number, number, number, number];
    const official = [first, second, third, last].join() === '3,4,6,3';
    const blocks = official ? [3, 24, 36, 3] : [first, 2 * second, 2 * third, last];
    return { encoder: { ...wider(times)(base).encoder, blocks } };
  };
}

/** A row to compare with that the paper does not have: the network as it begins. */
export function untrainedRow(columns: readonly string[], more: Partial<EncoderRow> = {}): EncoderRow {
  return {
    id: 'untrained',
    label: 'untrained network',
    published: columns.map(() => null),
    source: 'not in the paper',
    encoder: { method: 'untrained' },
    ...more,
  };
}
