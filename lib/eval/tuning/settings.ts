import { z } from 'zod';
import type { DeepReadonly } from '../../deep-readonly.js';

const positive = z.number().positive();

/** What a recipe says, and a setting that is given says otherwise. */
const recipeSettings = {
  /** Lengths to choose from, in epochs of the training images. */
  epochs: z.array(z.int().positive()).min(1),
  /** Optimiser steps instead of epochs; null: epochs. */
  steps: z.int().positive().nullable(),
  /** Images per optimiser step; all of them where there are fewer. */
  batchSize: z.int().min(2),
  /** Parts of a batch that go through the network one after the other, with batch statistics of their own: memory for time. */
  microBatches: z.int().positive(),
  /** Learning rates to choose from, as they are: they do not grow with the batch. */
  learningRates: z.array(positive).min(1),
  /**
   * Weight decays to choose from, of weights alone: what a step takes from a weight at the peak of the learning rate, in parts
   * of it. SGD is told weightDecay / learningRate (paper D.3).
   */
  weightDecays: z.array(z.number().min(0)).min(1),
  /** Nesterov's. */
  momentum: z.number().min(0).lt(1),
  /** Of the head, relative to the encoder's learning rate. */
  headRate: positive,
  /** After the first step: 'cosine': towards 0, which the step after the last one would have; 'constant'. */
  schedule: z.enum(['cosine', 'constant']),
  /**
   * Decay of the running statistics of batch normalisation. 'encoder': that of its pretraining; 'steps': max(1 - 10 / s, 0.9)
   * with s steps per epoch (paper D.3).
   */
  normDecay: z.union([z.enum(['encoder', 'steps']), z.number().min(0).lt(1)]),
  /** Part of the labelled training images that is held out to choose by, where the data set has no validation images. */
  validationFraction: z.number().gt(0).lt(1),
  /** Train again, with what was chosen, on training and validation images. false: the network that was chosen is tested. */
  retrain: z.boolean(),
};

type Recipe = DeepReadonly<z.infer<z.ZodObject<typeof recipeSettings>>>;

export const recipeNames = ['semi-supervised', 'transfer'] as const;
export type RecipeName = (typeof recipeNames)[number];

/** `count` numbers from `first` to `last`, each the same multiple of the one before. */
function logSpaced(first: number, last: number, count: number): number[] {
  const exponent = (i: number): number => Math.log10(first) + (i / (count - 1)) * Math.log10(last / first);
  return Array.from({ length: count }, (_, i) => Number((10 ** exponent(i)).toPrecision(4)));
}

/** What the paper does with ImageNet's own labels (C.1: 1 %, 10 %, and with all of them Table 8), and with other sets (D.3). */
export const tuningRecipes: Readonly<Record<RecipeName, Recipe>> = {
  'semi-supervised': {
    epochs: [30, 50],
    steps: null,
    batchSize: 1024,
    microBatches: 1,
    learningRates: [0.01, 0.02, 0.05, 0.1, 0.005],
    weightDecays: [0],
    momentum: 0.9,
    headRate: 1,
    schedule: 'cosine',
    normDecay: 'encoder',
    validationFraction: 10_009 / 1_281_167,
    retrain: false,
  },
  transfer: {
    epochs: [30],
    steps: 20_000,
    batchSize: 256,
    microBatches: 1,
    learningRates: logSpaced(1e-4, 0.1, 7),
    weightDecays: [0, ...logSpaced(1e-6, 1e-3, 7)],
    momentum: 0.9,
    headRate: 1,
    schedule: 'cosine',
    normDecay: 'steps',
    validationFraction: 0.1,
    retrain: true,
  },
};

export const tuningSchema = z.strictObject({
  /**
   * What the settings are that nobody gives: 'semi-supervised': those of a part or all of the labels of the images that the
   * encoder was trained on (paper C.1); 'transfer': those of other data sets (paper D.3).
   */
  recipe: z.enum(recipeNames),
  /** Which labels of the training images are used; all where this is left out. */
  labels: z
    .strictObject({
      /** So many of each class's training images, rounded, at least one, drawn by the seed. */
      fraction: z.number().gt(0).max(1).optional(),
      /** Those of the images that this file names, a line each: by the names of their files, whatever folders they lie in. */
      list: z.string().min(1).optional(),
    })
    .refine(({ fraction, list }) => fraction === undefined || list === undefined, 'a fraction or a list, not both')
    .optional(),
  /** 'random': the same network from random weights, for comparison. 'encoder' if left out. */
  initialization: z.enum(['encoder', 'random']).optional(),
  ...z.strictObject(recipeSettings).partial().shape,
});

export type TuningSettings = DeepReadonly<z.infer<typeof tuningSchema>>;

/** Settings of which none is left out. */
export interface Tuning extends Recipe {
  readonly recipe: RecipeName;
  readonly labels: NonNullable<TuningSettings['labels']>;
  readonly initialization: 'encoder' | 'random';
}

/** What is given, over its recipe. */
export function wholeTuning(settings: TuningSettings): Tuning {
  const { recipe } = settings;
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  return { labels: {}, initialization: 'encoder', ...tuningRecipes[recipe], ...given, recipe };
}

/** A training of the grid. */
export interface TuningPoint {
  readonly learningRate: number;
  readonly weightDecay: number;
  /** null: `steps` are given. */
  readonly epochs: number | null;
}

/** All of them, the short ones first. */
export function tuningGrid({ learningRates, weightDecays, epochs, steps }: Tuning): readonly TuningPoint[] {
  const lengths = steps === null ? [...epochs].sort((a, b) => a - b) : [null];
  return lengths.flatMap((length) =>
    learningRates.flatMap((learningRate) =>
      weightDecays.map((weightDecay) => ({ learningRate, weightDecay, epochs: length })),
    ),
  );
}
