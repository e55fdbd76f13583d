import type { Config } from '../config/schema.js';
import { blur, isSmall, type Method, type MethodDefinition, plainSgd, sameViews } from './method.js';

/**
 * SimSiam (Chen and He 2021): BYOL without moving average, targets are the online projections with stop-gradient. A wide
 * projector with normalised output, a narrow predictor whose learning rate is not decayed; the loss is the mean, not the sum,
 * of half the distances.
 */
const recipe: Method = (base: Config): Config => {
  const small = isSmall(base);
  const width = small ? widthOf(base) : 2048;
  return {
    ...base,
    views: sameViews(base, [
      { kind: 'randomResizedCrop', area: [0.2, 1], aspect: [3 / 4, 4 / 3], sampling: 'torchvision' },
      { kind: 'flip', p: 0.5 },
      { kind: 'colorJitter', p: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
      { kind: 'grayscale', p: 0.2 },
      ...(small ? [] : [blur]),
    ]),
    projector: { ...base.projector, hidden: small ? [width] : [width, width], output: width, outputNorm: true },
    predictor: {
      kind: 'mlp',
      ...base.projector,
      hidden: [Math.max(1, Math.round(width / 4))],
      output: width,
      outputBias: true,
    },
    target: { ...base.target, mode: 'stop-gradient' },
    objective: { ...base.objective, scale: 1 / 4 },
    optimizer: {
      ...plainSgd,
      // Small images: 0.03 at batch 512 in the paper's appendix D; short runs need more.
      baseLearningRate: small ? base.optimizer.baseLearningRate : 0.05,
      weightDecay: small ? 5e-4 : 1e-4,
      predictorSchedule: 'constant',
    },
    batchSize: small ? base.batchSize : 256,
    // DataLoader(drop_last=True) in the authors' code.
    epochBoundary: 'drop-last',
  };
};

/** Of the widest hidden layer; of the output where there is none. */
function widthOf({ projector, encoder }: Config): number {
  const { hidden, output } = projector;
  if (hidden.length > 0) return Math.max(...hidden);
  return output === 'classes' ? encoder.width : output;
}

export const simsiam = {
  name: 'simsiam',
  title: 'SimSiam',
  summary: 'BYOL without a moving average (Chen and He 2021)',
  recipe,
} as const satisfies MethodDefinition;
