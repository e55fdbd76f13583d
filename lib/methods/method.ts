import type { Operation, Pipeline } from '../config/pipeline.js';
import { oneRate } from '../config/presets/shared.js';
import type { Config } from '../config/schema.js';

/**
 * A method is a function from the settings of BYOL on some data (a preset) to its own on the same data: what it shares with
 * BYOL (encoder, data, evaluation, length) stays, what its authors publish is set. Writing one is all there is to a new method.
 */
export type Method = (base: Config) => Config;

/** Recipes for small images differ from those for ImageNet. */
export function isSmall({ encoder }: Config): boolean {
  return encoder.stem === 'small';
}

/** Of the data sets whose number is known before they are opened. */
export function knownClasses({ data, projector }: Config): number {
  switch (data.kind) {
    case 'cifar10':
    case 'shapes':
      return 10;
    case 'folder':
      return 1000;
    default:
      return projector.output;
  }
}

/** torch.optim.SGD with momentum on all parameters, without warm-up. */
export const plainSgd = {
  kind: 'sgd',
  momentum: 0.9,
  nesterov: false,
  decayNormAndBias: true,
  warmupEpochs: 0,
  ...oneRate,
} as const;

/** SimCLR's, which others took over. */
export const blur: Operation = { kind: 'blur', p: 0.5, sigma: [0.1, 2] };

/** The same views for both sides. */
export function sameViews(base: Config, view: Pipeline): Config['views'] {
  return { ...base.views, view1: view, view2: view };
}
