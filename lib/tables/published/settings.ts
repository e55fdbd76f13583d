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

/** Explains why BYOL is not ahead of it in short runs. */
export const SIMCLR_LEARNS_FASTER =
  'SimCLR learns faster. On textures it is 1.8 points of kNN ahead after 20 epochs (99.8 against 98.0 %) and 0.2 after 40 (99.7 against 99.5 %), which is the same within a point (bench/tables/converged.yaml, five seeds).';

/** Explains why nothing helps it in short runs. */
export const SIMCLR_AT_ITS_END =
  'SimCLR alone is at its end: 99.5 to 99.8 % here, and no more with twice the steps (99.7 %, bench/tables/converged.yaml), so that a target network could add half a point at most.';

/** Explains why stop-gradient and a fast target cost nothing in short runs of a small network. */
export const PREDICTOR_KEEPS_UP =
  'With stop-gradient and one rate for all this small network learns as much (97.4 %, collapse/rank 22), so its predictor keeps up. Where it cannot, the same network loses: a projector ten times as fast leaves 89.6 % and rank 5 (Table 22), a predictor that does not learn 16.3 % and rank 3 (Table 21).';

/** A factor of the base's value, without the digits that floating point adds: 0.3 * (0.1 / 0.3) is 0.1. */
export function scaled(base: number, factor: number): number {
  return Number((base * factor).toPrecision(6));
}
