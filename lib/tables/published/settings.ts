import type { ConfigPatch } from '../../config/layers.js';
import type { Config } from '../../config/schema.js';

/** Settings that several tables have in common. */

/** The loss's term with the batch's negatives as SimCLR has it; beta and alpha of Table 5b. */
export const batchNegatives = {
  kind: 'batch',
  weight: 1,
  temperature: 0.1,
} satisfies Config['objective']['negatives'];

/** SimCLR in the paper's family: no predictor, targets from the online network with gradient, both views in one batch. */
export const simclr = {
  predictor: null,
  target: { mode: 'gradient' },
  objective: { negatives: batchNegatives, statistics: 'joint' },
} satisfies ConfigPatch;

/** A factor of the base's value, without the digits that floating point adds: 0.3 * (0.1 / 0.3) is 0.1. */
export function scaled(base: number, factor: number): number {
  return Number((base * factor).toPrecision(6));
}
