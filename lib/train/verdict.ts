import { projectorOutput } from '../config/classes.js';
import type { Config } from '../config/schema.js';
import { whyItCollapses } from '../config/warnings.js';
import { isDistanceLoss, readLoss } from '../methods/loss-reading.js';
import { percent, points } from '../text/format.js';

/**
 * What the numbers of a run mean, in words. A loss alone tells nothing: BYOL's is lowest when the representation is constant.
 */

/** In the order from bad to good. */
export type VerdictState = 'collapsed' | 'partly collapsed' | 'not learning yet' | 'learning';

/** What the numbers of a run mean. */
export interface Verdict {
  readonly state: VerdictState;
  /** One or two sentences for a person. */
  readonly text: string;
}

export interface VerdictInput {
  readonly config: Config;
  /** 'collapse/std'. */
  readonly collapseStd: number;
  /** 'collapse/rank'. */
  readonly collapseRank: number;
  readonly loss: number;
  /** kNN top-1 now and of the untrained network with the same images; null: not measured. */
  readonly knn: number | null;
  readonly untrainedKnn: number | null;
  /** Test images that kNN was asked about. */
  readonly queries: number;
}

/**
 * Unit vectors whose dimensions have standard deviation s / sqrt(d) have mean pairwise cosine 1 - s^2. At 0.1 two different
 * images have a cosine of 0.99: nothing is left that tells them apart. In bench/results/tables runs without predictor or target
 * end between 0.00 and 0.03, some with a linear predictor below 0.1, all others above 0.3.
 */
export const COLLAPSED_BELOW = 0.1;

/** The same reading at 0.3: a mean cosine above 0.91. Worth watching, not yet lost. */
export const NARROW_BELOW = 0.3;

/** Projections that differ, but in fewer dimensions than this, have lost most of what tells images apart. */
export const LEAST_RANK = 4;

/**
 * A run that has learnt nothing has lost dimensions below this, rather than not found them yet. In bench/results/tables (128
 * dimensions, batches of 64) runs without labels that learnt nothing end between 5 and 8.3 where the predictor is not trained,
 * which the paper has at 0.01 % (Table 21), and above 17 elsewhere. Runs that learnt may end here and be good.
 */
export const LOW_RANK = 10;

/** Gains in kNN below this are within reach of luck whatever the number of test images. */
export const LEAST_GAIN = 0.02;

/** Without labels only the loss is left: this part of what it is by chance is a mean cosine of 0.25 between prediction and target. */
export const LOSS_LEARNING_BELOW = 0.75;

/** A gain counts when it exceeds two standard errors of the difference of two accuracies, and LEAST_GAIN. */
export function knnGainNeeded(untrained: number, queries: number): number {
  const standardError = Math.sqrt((2 * untrained * (1 - untrained)) / Math.max(queries, 1));
  return Math.max(LEAST_GAIN, 2 * standardError);
}

export function judge(input: VerdictInput): Verdict {
  return collapse(input) ?? partialCollapse(input) ?? byAccuracy(input) ?? byLoss(input);
}

function collapse({ config, collapseStd }: VerdictInput): Verdict | null {
  if (collapseStd >= COLLAPSED_BELOW) return null;
  const spread = collapseStd.toFixed(2);
  const cosine = (1 - collapseStd ** 2).toFixed(3);
  const missing = whyItCollapses(config);
  const why =
    missing === null
      ? usualCauses(config)
      : `${missing}, so the constant solution is reached (paper Tables 5b and 19).${config.predictor === null ? ' Set `predictor` to have it back.' : ''}`;
  return {
    state: 'collapsed',
    text: `Collapsed: the representation is constant, all images look alike (spread ${spread}, mean cosine between images ${cosine}). ${why}`,
  };
}

function partialCollapse(input: VerdictInput): Verdict | null {
  const { config, collapseStd, collapseRank } = input;
  const { supervision, batchSize } = config;
  // Outputs that are class scores have no more dimensions than classes, and use them as they should.
  if (supervision !== null) return null;
  const dimensions = projectorOutput(config);
  if (Math.min(dimensions, batchSize) <= 2 * LOW_RANK) return null;
  const accuracy = accuracyOf(input);
  if (collapseRank >= (accuracy?.learnt === false ? LOW_RANK : LEAST_RANK)) return null;
  return {
    state: 'partly collapsed',
    text:
      `Partly collapsed: images still differ (spread ${collapseStd.toFixed(2)}), but their projections use only ${collapseRank.toFixed(1)} of ` +
      `${dimensions} dimensions${accuracy === null ? '' : ` (${accuracy.numbers})`}. Usual causes are a predictor that learns too slowly or not at all, and a learning rate that is too high.`,
  };
}

function usualCauses({ norm, optimizer }: Config): string {
  const causes =
    'a learning rate that is too high, a target that follows too fast (low target.tauBase) and tiny batches';
  if (norm.encoder === 'batch' || norm.projector === 'batch') return `Usual causes are ${causes}.`;
  const first =
    optimizer.predictorFirstEpochs > 0
      ? 'Without batch statistics (norm) the target has to follow slowly, with target.tauBase of at least 0.99. '
      : 'Without batch statistics (norm) the encoder follows the mean of the targets, unless the predictor learns it first: set optimizer.predictorFirstEpochs to 1. ';
  return `${first}Other causes are ${causes}.`;
}

function narrow({ collapseStd }: VerdictInput): string {
  return collapseStd < NARROW_BELOW ? ' The projections are narrow: watch whether the spread keeps falling.' : '';
}

/** What kNN says, in numbers and as a decision; null: it was not measured. */
function accuracyOf(input: VerdictInput): { readonly learnt: boolean; readonly numbers: string } | null {
  const { knn, untrainedKnn, queries, collapseStd } = input;
  if (knn === null || untrainedKnn === null) return null;
  const gain = knn - untrainedKnn;
  return {
    learnt: gain >= knnGainNeeded(untrainedKnn, queries),
    numbers: `kNN ${percent(knn)}, untrained ${percent(untrainedKnn)} (${points(gain)} points), spread ${collapseStd.toFixed(2)}`,
  };
}

function byAccuracy(input: VerdictInput): Verdict | null {
  const accuracy = accuracyOf(input);
  if (accuracy === null) return null;
  const { learnt, numbers } = accuracy;
  return learnt
    ? { state: 'learning', text: `Learning: ${numbers}.${narrow(input)}` }
    : {
        state: 'not learning yet',
        text: `Not learning yet: no better than the untrained network (${numbers}).${narrow(input)}`,
      };
}

function byLoss(input: VerdictInput): Verdict {
  const { config, loss, collapseStd, untrainedKnn } = input;
  // Images with labels have epochs in which kNN is not due.
  const without = untrainedKnn === null ? 'without labels' : 'without kNN';
  const { chance } = readLoss(config);
  if (chance === null || !isDistanceLoss(config)) {
    return {
      state: 'not learning yet',
      text: `Nothing can be said ${without} but that it is not collapsed (spread ${collapseStd.toFixed(2)}).${narrow(input)}`,
    };
  }
  const numbers = `loss ${loss.toFixed(2)} of ${chance} by chance, spread ${collapseStd.toFixed(2)}`;
  if (!(loss < LOSS_LEARNING_BELOW * chance)) {
    return {
      state: 'not learning yet',
      text: `Not learning yet: the views are hardly predicted (${numbers}).${narrow(input)}`,
    };
  }
  return {
    state: 'learning',
    text: `Learning, as far as it shows ${without}: the views are predicted and the projections are spread (${numbers}).${narrow(input)}`,
  };
}
