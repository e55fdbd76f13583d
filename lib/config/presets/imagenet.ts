import { officialLinear } from '../../eval/linear-settings.js';
import { standardKnn } from '../../eval/protocols/knn.js';
import type { Config } from '../schema.js';
import { byolObjective, imagenetStatistics, officialNorm, officialViewSettings, oneRate } from './shared.js';

/** What the official code chooses by the number of epochs (configs/byol.py). */
interface ByEpochs {
  readonly preset: string;
  readonly epochs: number;
  readonly baseLearningRate: number;
  readonly weightDecay: number;
  readonly tauBase: number;
}

/** BYOL on ImageNet with a ResNet-50 as its authors define it: paper section 3.3, official code where the paper is silent. */
function official({ preset, epochs, baseLearningRate, weightDecay, tauBase }: ByEpochs) {
  return {
    preset,
    seed: 0,
    device: 'auto',
    // Everything is float32 in the paper and its code.
    precision: 'float32',
    threads: 0,
    deterministic: false,
    data: { kind: 'folder', path: 'data/imagenet', labels: 'auto', brokenLimit: 0.05 },
    views: { size: 224, ...officialViewSettings, ...imagenetStatistics },
    encoder: {
      block: 'bottleneck',
      blocks: [3, 4, 6, 3],
      width: 64,
      stem: 'imagenet',
      padding: 'same',
      initialization: 'official',
      shortcut: 'official',
      // The public code starts the last gamma of each bottleneck at 0; the paper's numbers come from 1 (official README).
      zeroInitLastNorm: false,
    },
    norm: officialNorm,
    projector: { hidden: [4096], output: 256, hiddenBias: true, outputBias: false, outputNorm: false },
    predictor: { kind: 'mlp', hidden: [4096], output: 256, hiddenBias: true, outputBias: false, outputNorm: false },
    target: { mode: 'ema', tauBase, schedule: 'cosine', init: 'independent' },
    objective: byolObjective,
    supervision: null,
    optimizer: {
      kind: 'lars',
      baseLearningRate,
      weightDecay,
      momentum: 0.9,
      trustCoefficient: 1e-3,
      warmupEpochs: 10,
      ...oneRate,
    },
    epochs,
    batchSize: 4096,
    accumulate: 1,
    epochBoundary: 'stream',
    onlineProbe: true,
    evaluation: {
      knn: { ...standardKnn, everyEpochs: 10 },
      linear: officialLinear,
      transform: 'official',
      batchSize: 256,
    },
    checkpoint: { everyEpochs: 1, everyMinutes: 30, keep: 2 },
    log: 'none',
  } satisfies Config;
}

/** The four lengths that the authors publish. */
export const imagenet40 = official({
  preset: 'imagenet-40',
  epochs: 40,
  baseLearningRate: 0.45,
  weightDecay: 1e-6,
  tauBase: 0.97,
});
export const imagenet100 = official({
  preset: 'imagenet-100',
  epochs: 100,
  baseLearningRate: 0.45,
  weightDecay: 1e-6,
  tauBase: 0.99,
});
export const imagenet300 = official({
  preset: 'imagenet-300',
  epochs: 300,
  baseLearningRate: 0.3,
  weightDecay: 1e-6,
  tauBase: 0.99,
});
export const imagenet1000 = official({
  preset: 'imagenet-1000',
  epochs: 1000,
  baseLearningRate: 0.2,
  weightDecay: 1.5e-6,
  tauBase: 0.996,
});
