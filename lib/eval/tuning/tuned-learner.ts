import type { LearnerSpec, NativeLearner } from '../../binding/native.js';
import { ByolError } from '../../errors.js';
import type { EvaluationContext } from '../context.js';
import type { FrozenEncoder } from '../frozen-encoder.js';
import type { Tuning } from './settings.js';

/** What a copy of an encoder is trained as. */
export interface TunedSpec extends Pick<Tuning, 'initialization' | 'momentum'> {
  readonly classes: number;
  /** Images have any number of classes. */
  readonly many: boolean;
  /** SGD's own. */
  readonly weightDecay: number;
  /** Of running statistics; 'encoder': its own. */
  readonly normDecay: number | 'encoder';
}

/**
 * A learner that begins as the encoder, with a linear layer with bias on it: drawn like all first weights (byol-facts 1.4), by the
 * seed. It is SGD's with Nesterov momentum, and decays weights alone, no biases and no parameters of norms. The caller disposes
 * of it. Throws ERR_BYOL_USAGE for an encoder of which nobody says what it is made of.
 */
export async function tunedLearner(
  { native, device, seed }: EvaluationContext,
  { network, spec, statistics }: FrozenEncoder,
  tuned: TunedSpec,
): Promise<NativeLearner & Disposable> {
  if (spec === undefined) {
    throw new ByolError(
      'ERR_BYOL_USAGE',
      'Only an encoder that says what it is made of (its `spec`) can be fine-tuned.',
    );
  }
  const random = tuned.initialization === 'random';
  // An encoder that was never trained has no statistics to take over. Its weights are those of its seed.
  const begins = !random && statistics === 'running';
  const { encoder, norm, precision } = spec;
  const learnerSpec: LearnerSpec = {
    encoder,
    norm: {
      ...norm,
      decay: tuned.normDecay === 'encoder' ? norm.decay : tuned.normDecay,
      projector: 'none',
      predictor: 'none',
    },
    projector: { hidden: [], output: tuned.classes, hiddenBias: false, outputBias: true, outputNorm: false },
    predictor: null,
    objective: {
      similarity: 'none',
      target: 'stop-gradient',
      symmetric: false,
      scale: 1,
      jointStatistics: false,
      statisticsGroups: 1,
      negatives: null,
    },
    supervision: { labelSmoothing: 0, target: false, many: tuned.many },
    targetInit: 'copy',
    optimizer: {
      kind: 'sgd',
      momentum: tuned.momentum,
      weightDecay: tuned.weightDecay,
      nesterov: true,
      trustCoefficient: 0,
      decayNormAndBias: false,
    },
    classes: 0,
    precision,
    deterministic: false,
    device,
    seed: random || begins ? seed : spec.seed,
  };
  const learner = new native.Learner(learnerSpec);
  try {
    if (begins) await learner.startFrom(network);
    return learner;
  } catch (error) {
    learner.dispose();
    throw error;
  }
}

/** The class scores of its head as features, for whoever embeds images. */
export function scoresAsFeatures(learner: NativeLearner, { view, batchSize }: FrozenEncoder): FrozenEncoder {
  const network = { features: learner.projections, embed: learner.project.bind(learner) };
  return { network, view, statistics: 'running', batchSize };
}
