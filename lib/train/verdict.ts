/**
 * What the numbers of a run mean, in words. A loss alone tells nothing: it is lowest when the representation is constant.
 */

export type VerdictState = 'collapsed' | 'not learning yet' | 'learning';

export interface Verdict {
  readonly state: VerdictState;
  /** One or two sentences for a person. */
  readonly text: string;
}

export interface VerdictInput {
  /** 'collapse/std'. */
  readonly collapseStd: number;
  readonly loss: number;
  /** kNN top-1 now and of the untrained network with the same images; null: not measured. */
  readonly knn: number | null;
  readonly untrainedKnn: number | null;
  /** Test images that kNN was asked about. */
  readonly queries: number;
  /** Whether the objective has a predictor. */
  readonly predictor: boolean;
}

/**
 * Unit vectors whose dimensions have standard deviation s / sqrt(d) have mean pairwise cosine 1 - s^2. At 0.1 two different
 * images have a cosine of 0.99: nothing is left that tells them apart.
 */
export const COLLAPSED_BELOW = 0.1;

/** The same reading at 0.3: a mean cosine above 0.91. Worth watching, not yet lost. */
export const NARROW_BELOW = 0.3;

/** Gains in kNN below this are within reach of luck whatever the number of test images. */
export const LEAST_GAIN = 0.02;

/** Without labels only the loss is left: 4 is chance, 3 is a mean cosine of 0.25 between prediction and target. */
export const LOSS_LEARNING_BELOW = 3;

/** A gain counts when it exceeds two standard errors of the difference of two accuracies, and LEAST_GAIN. */
export function knnGainNeeded(untrained: number, queries: number): number {
  const standardError = Math.sqrt((2 * untrained * (1 - untrained)) / Math.max(queries, 1));
  return Math.max(LEAST_GAIN, 2 * standardError);
}

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const points = (value: number): string => `${value >= 0 ? '+' : '-'}${Math.abs(100 * value).toFixed(1)} points`;

export function judge(input: VerdictInput): Verdict {
  const { collapseStd, loss, knn, untrainedKnn, queries, predictor } = input;
  const spread = collapseStd.toFixed(2);
  if (!(collapseStd >= COLLAPSED_BELOW)) {
    const cosine = (1 - collapseStd ** 2).toFixed(3);
    const why = predictor
      ? 'Usual causes are a learning rate that is too high, a target that follows too fast (low target.tauBase) and tiny batches.'
      : 'Without a predictor the constant solution is reached (paper Table 5b): set `predictor` to have it back.';
    return {
      state: 'collapsed',
      text: `Collapsed: the representation is constant, all images look alike (spread ${spread}, mean cosine between images ${cosine}). ${why}`,
    };
  }
  const narrow =
    collapseStd < NARROW_BELOW ? ' The projections are narrow: watch whether the spread keeps falling.' : '';
  if (knn !== null && untrainedKnn !== null) {
    const gain = knn - untrainedKnn;
    const numbers = `kNN ${percent(knn)}, untrained ${percent(untrainedKnn)} (${points(gain)}), spread ${spread}`;
    if (gain < knnGainNeeded(untrainedKnn, queries)) {
      return {
        state: 'not learning yet',
        text: `Not learning yet: no better than the untrained network (${numbers}).${narrow}`,
      };
    }
    return { state: 'learning', text: `Learning: ${numbers}.${narrow}` };
  }
  const numbers = `loss ${loss.toFixed(2)} of 4 by chance, spread ${spread}`;
  if (!(loss < LOSS_LEARNING_BELOW)) {
    return {
      state: 'not learning yet',
      text: `Not learning yet: the views are hardly predicted (${numbers}).${narrow}`,
    };
  }
  return {
    state: 'learning',
    text: `Learning, as far as it shows without labels: the views are predicted and the projections are spread (${numbers}).${narrow}`,
  };
}
