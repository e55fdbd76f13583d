import type { ConfigPatch } from '../../config/layers.js';
import type { Config } from '../../config/schema.js';
import type { EncoderRow } from '../encoders/encoder-table.js';

/** What several tables of encoders have in common. */

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
