import type { Operation, Pipeline } from '../augment/pipeline.js';
import { isPresetName, presets } from '../config/presets/index.js';
import { oneRate } from '../config/presets/shared.js';
import type { Config } from '../config/schema.js';

/**
 * A method is a function from the settings of BYOL on some data (a preset) to its own on the same data: what it shares with
 * BYOL (encoder, data, evaluation, length) stays, what its authors publish is set. Writing one is all there is to a new method.
 */
export type Method = (base: Config) => Config;

/** A method with what it is called. */
export interface MethodDefinition {
  /** In configurations and on the command line: 'moco-v2'. */
  readonly name: string;
  /** As its authors write it. */
  readonly title: string;
  /** What it is, in some words, and where it is published. */
  readonly summary: string;
  readonly recipe: Method;
}

/** Recipes for small images differ from those for ImageNet. */
export function isSmall({ encoder }: Pick<Config, 'encoder'>): boolean {
  return encoder.stem !== 'imagenet';
}

/**
 * Settings of another method as BYOL's: what methods set is again as in the preset that they started from (without one, in that
 * for such images), everything else stays. A method so gives the same whichever method was there before.
 */
export function byolOf(base: Config): Config {
  if (base.method === undefined || base.method === 'byol') return base;
  const { method: _, ...rest } = base;
  const from: Config = presets[presetFor(base)];
  return {
    ...rest,
    views: { ...base.views, pipelines: from.views.pipelines },
    norm: { ...base.norm, projector: from.norm.projector },
    projector: from.projector,
    predictor: from.predictor,
    target: from.target,
    objective: from.objective,
    supervision: from.supervision,
    optimizer: from.optimizer,
    batchSize: isSmall(base) ? base.batchSize : from.batchSize,
    epochBoundary: from.epochBoundary,
  };
}

function presetFor(base: Config): keyof typeof presets {
  if (base.preset !== undefined && isPresetName(base.preset)) return base.preset;
  return isSmall(base) ? 'cifar10' : 'imagenet-300';
}

/** A single Linear to class scores, in place of the projector. */
export function classifier(base: Config): Config['projector'] {
  return { ...base.projector, hidden: [], output: 'classes', outputBias: true };
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

/** The same operations for both views. */
export function sameViews(base: Config, view: Pipeline): Config['views'] {
  return { ...base.views, pipelines: [view, view] };
}
