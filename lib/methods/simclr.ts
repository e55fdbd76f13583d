import type { Config } from '../config/schema.js';
import { blur, isSmall, type Method, type MethodDefinition, sameViews } from './method.js';

/**
 * SimCLR (Chen et al. 2020): both views through one network in one pass, NT-Xent between them. Loss as in its code, the sum of
 * both directions' cross-entropies; small images with temperature 0.5 and half the colour strength, without blur (appendix
 * B.9).
 */
const recipe: Method = (base: Config): Config => {
  const small = isSmall(base);
  const temperature = small ? 0.5 : 0.1;
  const strength = small ? 0.5 : 1;
  const crop = base.views.pipelines[0].filter(({ kind }) => kind === 'randomResizedCrop');
  return {
    ...base,
    views: sameViews(base, [
      ...crop,
      { kind: 'flip', p: 0.5 },
      {
        kind: 'colorJitter',
        p: 0.8,
        brightness: 0.8 * strength,
        contrast: 0.8 * strength,
        saturation: 0.8 * strength,
        hue: 0.2 * strength,
      },
      { kind: 'grayscale', p: 0.2 },
      ...(small ? [] : [blur]),
    ]),
    projector: small
      ? base.projector
      : { hidden: [2048], output: 128, hiddenBias: false, outputBias: false, outputNorm: true },
    predictor: null,
    target: { ...base.target, mode: 'gradient' },
    objective: {
      ...base.objective,
      symmetric: true,
      // The paper's 2 - 2cos + 2 alpha ln(...) is 2 alpha times the cross-entropy (BYOL appendix F.4).
      scale: 1 / (2 * temperature),
      statistics: 'joint',
      negatives: { kind: 'batch', weight: 1, temperature },
    },
    // Published recipes for small images share BYOL's optimiser (byol-facts 8.1).
    optimizer: small ? base.optimizer : { ...base.optimizer, baseLearningRate: 0.3, weightDecay: 1e-6 },
  };
};

export const simclr = {
  name: 'simclr',
  title: 'SimCLR',
  summary: 'contrasts the views of a batch (Chen et al. 2020)',
  recipe,
} as const satisfies MethodDefinition;
