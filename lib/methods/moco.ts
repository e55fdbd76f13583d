import type { Operation, Pipeline } from '../augment/pipeline.js';
import type { Config } from '../config/schema.js';
import { blur, isSmall, type Method, type MethodDefinition, plainSgd, sameViews } from './method.js';

/** What the two versions differ in (byol-facts 7.2). */
interface Version {
  readonly hidden: (base: Config) => number[];
  /** On ImageNet; on small images a cosine. */
  readonly schedule: Config['optimizer']['schedule'];
  readonly temperature: number;
  readonly view: Pipeline;
}

const crop: Operation = { kind: 'randomResizedCrop', area: [0.2, 1], aspect: [3 / 4, 4 / 3], sampling: 'torchvision' };
const flip = { kind: 'flip', p: 0.5 } as const;
const grayscale = { kind: 'grayscale', p: 0.2 } as const;

/** Of the authors' CIFAR-10 demo. */
const smallView: Pipeline = [
  crop,
  flip,
  { kind: 'colorJitter', p: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
  grayscale,
];

/** Images on each of the authors' 8 GPUs, and so in each batch statistic; fewer are noise. */
const GPU_BATCH = 32;

/**
 * MoCo (He et al. 2020; Chen et al. 2020): view 1 tells the moving average's projection of view 2 from a queue of earlier ones.
 * Batch statistics of keys are over other images than those of queries, as shuffling between GPUs makes them. Small images as
 * in the authors' CIFAR-10 demo, with a queue no longer than a few steps need.
 */
function moco({ hidden, schedule, temperature, view }: Version): Method {
  return (base) => {
    const small = isSmall(base);
    const alpha = small ? 0.1 : temperature;
    const batchSize = small ? base.batchSize : 256;
    return {
      ...base,
      views: sameViews(base, small ? smallView : view),
      // Linears as torch.nn.Linear has them, and no batch normalisation in the head.
      projector: { hidden: hidden(base), output: 128, hiddenBias: true, outputBias: true, outputNorm: false },
      norm: { ...base.norm, projector: 'none' },
      predictor: null,
      target: { mode: 'ema', tauBase: small ? 0.99 : 0.999, schedule: 'constant', init: 'copy' },
      objective: {
        ...base.objective,
        symmetric: false,
        scale: 1 / (2 * alpha),
        statisticsGroups: Math.min(8, Math.max(1, Math.floor(batchSize / GPU_BATCH))),
        negatives: { kind: 'queue', weight: 1, temperature: alpha, size: small ? 4096 : 65_536 },
      },
      optimizer: small
        ? base.optimizer
        : {
            ...plainSgd,
            baseLearningRate: 0.03,
            weightDecay: 1e-4,
            schedule,
          },
      batchSize,
      // DataLoader(drop_last=True) in the authors' code.
      epochBoundary: 'drop-last',
    };
  };
}

/** A single Linear as head, temperature 0.07, a learning rate that falls in steps (epochs 120 and 160 of 200). */
const v1 = moco({
  hidden: () => [],
  schedule: { kind: 'steps', at: [0.6, 0.8], factor: 0.1 },
  temperature: 0.07,
  view: [
    crop,
    flip,
    { kind: 'colorJitter', p: 1, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.4 },
    grayscale,
  ],
});

/** A head with a hidden layer, temperature 0.2, blur. */
const v2 = moco({
  schedule: { kind: 'cosine' },
  hidden: (base) => (isSmall(base) ? [...base.projector.hidden] : [2048]),
  temperature: 0.2,
  view: [
    crop,
    flip,
    { kind: 'colorJitter', p: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
    grayscale,
    blur,
  ],
});

export const mocoV1 = {
  name: 'moco-v1',
  title: 'MoCo v1',
  summary: 'contrasts a view with a queue of earlier targets (He et al. 2020)',
  recipe: v1,
} as const satisfies MethodDefinition;

export const mocoV2 = {
  name: 'moco-v2',
  title: 'MoCo v2',
  summary: "the same with SimCLR's head and views (Chen et al. 2020)",
  recipe: v2,
} as const satisfies MethodDefinition;
