import { cropAndFlip } from '../augment/pipeline.js';
import type { Config } from '../config/schema.js';
import { classifier, type Method, type MethodDefinition, plainSgd, sameViews } from './method.js';

/**
 * Mean Teacher (Tarvainen and Valpola 2017): cross-entropy on the labelled part, and the student's class probabilities on one
 * view follow its moving average's on the other, with a weight that is ramped up. 4,000 of CIFAR-10's 50,000 labels, weight
 * 100, decay 0.99, 31 of 128 images of each batch labelled, as its published CIFAR-10 recipe (byol-facts 7.3); its second output
 * for consistency alone, which is optional there, is left out.
 */
const recipe: Method = (base: Config): Config => ({
  ...base,
  views: sameViews(base, cropAndFlip),
  projector: classifier(base),
  predictor: null,
  target: { mode: 'ema', tauBase: 0.99, schedule: 'warm', init: 'copy' },
  objective: { ...base.objective, similarity: 'softmax', symmetric: false },
  supervision: {
    labelFraction: 0.08,
    labelledPerBatch: 31 / 128,
    labelSmoothing: 0,
    consistency: 100,
    rampUpEpochs: 5,
  },
  optimizer: {
    ...plainSgd,
    baseLearningRate: 0.1,
    weightDecay: 2e-4,
    nesterov: true,
  },
  // As the authors' sampler of two streams.
  epochBoundary: 'drop-last',
});

export const meanTeacher = {
  name: 'mean-teacher',
  title: 'Mean Teacher',
  summary: 'some labels, and consistency with a moving average (Tarvainen and Valpola 2017)',
  recipe,
} as const satisfies MethodDefinition;
