import { evaluationView, viewSpec } from '../augment/view-spec.js';
import { classLabels } from '../data/dataset.js';
import { ByolError } from '../errors.js';
import { type ProtocolInput, withProtocolInput } from '../eval/protocol.js';
import type { TrainingResources } from './resources.js';

export interface EvaluateLearnerOptions {
  /** 'batch' before the first step: there are no running statistics yet. */
  readonly statistics: 'running' | 'batch';
  readonly signal: AbortSignal | undefined;
}

/** Shows the encoder of a training, as it is now, to protocols. Throws ERR_BYOL_DATA without test images, and what `body` throws. */
export async function evaluateLearner<T>(
  resources: TrainingResources,
  { statistics, signal }: EvaluateLearnerOptions,
  body: (input: ProtocolInput) => Promise<T>,
): Promise<T> {
  const { native, learner, resolved, train, val, test, classNames, config } = resources;
  if (test === null) throw new ByolError('ERR_BYOL_DATA', 'There are no test images to ask the neighbours of.');
  const context = { native, device: resolved.device, seed: config.seed, signal };
  const { batchSize, transform } = config.evaluation;
  const encoder = {
    network: learner,
    view: evaluationView({ ...config.views, transform }),
    pretraining: { view: viewSpec(config.views), pipelines: config.views.pipelines },
    statistics,
    batchSize,
    spec: { encoder: config.encoder, norm: config.norm, ...resolved, seed: config.seed },
  };
  // Of images without labels nothing can be chosen.
  const choosing = val !== null && classLabels(val.targets) !== null ? { val } : {};
  return withProtocolInput(context, encoder, { train, ...choosing, test, classes: classNames.length }, body);
}
