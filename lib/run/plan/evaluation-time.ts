import { evaluationView } from '../../augment/view-spec.js';
import { classLabels } from '../../data/dataset.js';
import type { Images } from '../../data/images.js';
import { centerRows, embedInto } from '../../eval/embed.js';
import { evenSubset } from '../../eval/evaluation-data.js';
import type { TrainingResources } from '../../train/resources.js';

/** What a run evaluates of its own encoder, before, during and after the training. */
export interface EvaluationWork {
  /** Images that go through the encoder, over all evaluations. */
  readonly embedded: number;
  /** Of all linear classifiers. */
  readonly probeSteps: number;
}

/** As RunEvaluator works: without labels of training and test images nothing is evaluated. */
export function evaluationWork({
  config,
  train,
  test,
}: Pick<TrainingResources, 'config' | 'train' | 'test'>): EvaluationWork {
  const { knn, linear } = config.evaluation;
  const [bank, queries] = [labelled(train), labelled(test)];
  if (bank === 0 || queries === 0) return { embedded: 0, probeSteps: 0 };
  const part = (asked: number, all: number): number => (asked === 0 ? all : Math.min(asked, all));
  const during = part(knn.bankImages, bank) + part(knn.queryImages, queries);
  // After the last epoch all images are asked instead.
  const times = knn.everyEpochs === 0 ? 0 : Math.max(0, Math.ceil(config.epochs / knn.everyEpochs) - 1);
  // The same features serve where kNN during the run has all images as well.
  const extra = knn.everyEpochs > 0 && during < bank + queries ? during : 0;
  const whole = bank + queries;
  const crops = linear.atEnd ? bank * (linear.features === 'per-epoch' ? linear.epochs : 0) : 0;
  // Of a single learning rate nothing is chosen.
  const chosen = linear.learningRates.length > 1;
  const held = linear.atEnd && chosen ? Math.round(bank * linear.validationFraction) : 0;
  const stepsWith = (images: number): number => Math.max(1, Math.floor(images / linear.batchSize));
  const perEpoch = stepsWith(bank) + (chosen ? stepsWith(bank - held) : 0);
  return {
    embedded: 2 * (whole + crops + held) + extra + times * during,
    probeSteps: linear.atEnd ? 2 * linear.epochs * perEpoch : 0,
  };
}

function labelled(images: Images | null): number {
  const labels = images === null ? null : classLabels(images.targets);
  return labels === null ? 0 : labels.reduce((sum, label) => sum + Number(label >= 0), 0);
}

/** Seconds of one image through the encoder, of `most` images at most, and of one step of the linear classifiers. */
export async function evaluationRates(
  resources: TrainingResources,
  most: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly perImage: number; readonly perProbeStep: number }> {
  const { native, learner, resolved, train, config, classNames } = resources;
  const { device } = resolved;
  const { linear, batchSize } = config.evaluation;
  const context = { native, device, seed: config.seed, signal };
  const view = evaluationView({ ...config.views, transform: config.evaluation.transform });
  const encoder = { network: learner, view, statistics: 'batch', batchSize } as const;
  const rows = Math.min(train.count, batchSize, most);
  const indices = evenSubset(
    Int32Array.from({ length: train.count }, (_, i) => i),
    rows,
  );
  const bank = new native.FeatureBank(rows, learner.features, device);
  const probe = new native.LinearProbe({
    features: learner.features,
    classes: Math.max(2, classNames.length),
    learningRates: linear.learningRates,
    momentum: linear.momentum,
    nesterov: true,
    weightDecay: linear.weightDecay,
    logitRegularizer: linear.logitRegularizer,
    seed: config.seed,
    device,
  });
  try {
    const embed = (): Promise<void> =>
      embedInto(bank, context, encoder, { images: train, indices, plan: centerRows(train, view) });
    // The first time the convolutions of these shapes are looked for.
    await embed();
    const perImage = (await secondsOf(embed)) / rows;
    const batch = Int32Array.from({ length: linear.batchSize }, (_, i) => i % rows);
    const step = async (): Promise<void> => {
      await probe.step(bank, batch, 0);
      // Waits for a device, which a step does not.
      await probe.losses();
    };
    await step();
    let perProbeStep = Number.POSITIVE_INFINITY;
    for (let i = 0; i < PROBE_STEPS; i += 1) perProbeStep = Math.min(perProbeStep, await secondsOf(step));
    return { perImage, perProbeStep };
  } finally {
    probe.dispose();
    bank.dispose();
  }
}

const PROBE_STEPS = 5;

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
