import type { Config } from './schema.js';

/**
 * What is allowed but seldom meant, one sentence each with the reason. Needs no data: what depends on the images (labels, a
 * batch larger than the set) is checked when they are opened.
 */
export function configWarnings(config: Config): string[] {
  return [
    ...targetWarnings(config),
    ...objectiveWarnings(config),
    ...optimizerWarnings(config),
    ...normWarnings(config),
    ...batchWarnings(config),
    ...predictorWarnings(config),
    ...viewWarnings(config),
  ];
}

/** Batch statistics are over this many images at least, or they say little about the data. */
const SMALL_BATCH = 32;

/** Images for each dimension that a least-squares predictor is fitted to; the paper has 16. */
const IMAGES_PER_DIMENSION = 4;

/** Plain SGD has no trust ratio that scales steps to the weights: published recipes stay below this. */
const LARGE_SGD_RATE = 1;

function targetWarnings({ target }: Config): string[] {
  const warnings: string[] = [];
  const { tauBase, schedule } = target;
  if (target.mode !== 'ema') return warnings;
  if (tauBase === 0 && schedule === 'cosine') {
    warnings.push(
      "target.tauBase is 0 but rises to 1 with target.schedule 'cosine'. Without a moving average (paper Table 5a) is schedule 'constant'.",
    );
  } else if (tauBase > 0 && tauBase < 0.5) {
    const meant = Number((1 - tauBase).toPrecision(6));
    warnings.push(
      `target.tauBase is ${tauBase}: it is tau, the share of the old target that stays, not 1 - tau. If you meant that, it is ${meant}.`,
    );
  } else if (tauBase === 1) {
    warnings.push(
      'target.tauBase is 1: the target keeps its random weights for the whole run (paper Table 5a: 18.8 %).',
    );
  }
  return warnings;
}

function objectiveWarnings(config: Config): string[] {
  const missing = whyItCollapses(config);
  return missing === null
    ? []
    : [`${missing}: the representation will collapse to a constant (paper Tables 5b and 19).`];
}

/**
 * Why nothing keeps this objective from a constant representation, as the start of a sentence; null: something does. Negatives
 * do, labels do, and so does a predictor as long as the target does not receive the gradient (paper section 5).
 */
export function whyItCollapses(config: Config): string | null {
  const { predictor, target } = config;
  if (!bootstraps(config)) return null;
  if (predictor === null) return 'There is no predictor and nothing pushes images apart';
  if (target.mode === 'gradient') return 'The target receives the gradient and nothing pushes images apart';
  return null;
}

/** Whether it learns from its own targets alone, as BYOL does: what is known of BYOL need not hold with labels or negatives. */
function bootstraps({ objective, supervision }: Config): boolean {
  return supervision === null && (objective.negatives === null || objective.negatives.weight === 0);
}

function optimizerWarnings(config: Config): string[] {
  const { optimizer, epochs, batchSize, accumulate } = config;
  const warnings: string[] = [];
  const { kind, baseLearningRate, weightDecay, warmupEpochs, predictorFirstEpochs } = optimizer;
  if (predictorFirstEpochs > 0 && predictorFirstEpochs >= epochs) {
    warnings.push(
      `optimizer.predictorFirstEpochs (${predictorFirstEpochs}) is not less than epochs (${epochs}): the encoder does not learn at all.`,
    );
  } else if (predictorFirstEpochs + warmupEpochs >= epochs) {
    warnings.push(
      `optimizer.warmupEpochs (${warmupEpochs}${predictorFirstEpochs > 0 ? ` after predictorFirstEpochs, ${predictorFirstEpochs}` : ''}) is not less than epochs (${epochs}): the learning rate is still rising when the run ends.`,
    );
  }
  const peak = (baseLearningRate * batchSize * accumulate) / 256;
  if (kind === 'sgd' && peak > LARGE_SGD_RATE) {
    warnings.push(
      `The peak learning rate is ${Number(peak.toPrecision(3))} (optimizer.baseLearningRate ${baseLearningRate} x ${batchSize * accumulate} images / 256). ` +
        'That is a size for LARS; SGD usually diverges or collapses with it.',
    );
  }
  if (weightDecay === 0 && bootstraps(config)) {
    warnings.push(
      'optimizer.weightDecay is 0: BYOL becomes unstable or diverges without weight decay (paper section 5, Table 15).',
    );
  }
  return warnings;
}

function normWarnings(config: Config): string[] {
  const { norm, encoder, predictor, optimizer } = config;
  const warnings: string[] = [];
  const kinds = [norm.encoder, norm.projector, ...(predictor === null ? [] : [norm.predictor])];
  if (bootstraps(config) && kinds.every((kind) => kind === 'none') && !norm.weightStandardization) {
    warnings.push(
      "norm is 'none' everywhere: BYOL stays at chance like that (0.1 % on ImageNet, arXiv 2010.10241). " +
        "What works without batch statistics is 'group' with norm.weightStandardization, and less well 'affine', both with optimizer.predictorFirstEpochs.",
    );
  } else if (
    bootstraps(config) &&
    predictor?.kind === 'mlp' &&
    !kinds.includes('batch') &&
    optimizer.predictorFirstEpochs === 0
  ) {
    warnings.push(
      'Nothing is normalised over the batch: in runs of some epochs the encoder follows the mean of the targets and collapses within 100 steps, unless the predictor has learnt that mean before. ' +
        'Set optimizer.predictorFirstEpochs to 1 and target.tauBase to at least 0.99 (docs/guide/without-batch-statistics.md).',
    );
  }
  if (optimizer.predictorFirstEpochs > 0 && predictor?.kind !== 'mlp') {
    warnings.push(
      `optimizer.predictorFirstEpochs is ${optimizer.predictorFirstEpochs}, but there is no predictor with weights: nothing learns in these epochs.`,
    );
  }
  if (norm.encoder === 'none' && encoder.zeroInitLastNorm) {
    warnings.push("encoder.zeroInitLastNorm changes nothing with norm.encoder 'none': there is no gamma.");
  } else if (encoder.block === 'basic' && encoder.zeroInitLastNorm) {
    warnings.push(
      "encoder.zeroInitLastNorm changes nothing with encoder.block 'basic': the official code starts only the last gamma of bottlenecks at 0.",
    );
  }
  return warnings;
}

/** With no more images than dimensions least squares fits every batch exactly, and the loss has no gradient that teaches. */
function predictorWarnings({ predictor, projector, batchSize }: Config): string[] {
  const { output } = projector;
  if (predictor?.kind !== 'optimal' || output === 'classes' || batchSize >= IMAGES_PER_DIMENSION * output) return [];
  return [
    `The optimal predictor is fitted to batchSize (${batchSize}) images in projector.output (${output}) dimensions: with fewer ` +
      `than ${IMAGES_PER_DIMENSION} images for each it fits the batch instead of predicting, and little is learnt.`,
  ];
}

function batchWarnings({ batchSize, norm, objective, predictor }: Config): string[] {
  const { statisticsGroups } = objective;
  const kinds = [norm.encoder, norm.projector, ...(predictor === null ? [] : [norm.predictor])];
  // The first batch of 'affine' decides its scales.
  if (batchSize / statisticsGroups >= SMALL_BATCH || !kinds.some((kind) => kind === 'batch' || kind === 'affine'))
    return [];
  return [
    `batchSize is ${batchSize}${statisticsGroups === 1 ? '' : ` in objective.statisticsGroups ${statisticsGroups}`}: batch statistics over fewer than ${SMALL_BATCH} images are noise, and runs have collapsed from it. ` +
      'accumulate makes larger steps, not larger statistics.',
  ];
}

function viewWarnings({ views, encoder }: Config): string[] {
  const warnings: string[] = [];
  const halvings = encoder.blocks.length - 1 + (encoder.stem === 'imagenet' ? 2 : 0);
  if (views.size <= 2 ** halvings) {
    const way = encoder.stem === 'imagenet' ? "encoder.stem 'small', larger views.size" : 'larger views.size';
    warnings.push(
      `Views of ${views.size} pixels are halved ${halvings} times: the last group of blocks sees a single pixel. Use ${way} or fewer groups.`,
    );
  }
  if ([...views.mean, ...views.std].some((value) => Math.abs(value) > 2)) {
    warnings.push(
      'views.mean and views.std are of pixels from 0 to 1, but some values look like pixels from 0 to 255.',
    );
  }
  return warnings;
}
