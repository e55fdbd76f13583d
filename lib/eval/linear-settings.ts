import { z } from 'zod';
import type { DeepReadonly } from '../deep-readonly.js';

/** Of the linear protocol (protocols/linear.ts). */
export const linearSettings = z.strictObject({
  /** Run the linear protocol (paper C.1) at the end of training. */
  atEnd: z.boolean(),
  /** Epochs of the classifier. */
  epochs: z.int().positive(),
  /** Images per step of the classifier. */
  batchSize: z.int().positive(),
  /**
   * Learning rates per 256 images, all trained in one pass. Of several the best on held-out images is chosen; with a single one
   * nothing is chosen, and nothing held out.
   */
  learningRates: z.array(z.number().positive()).min(1),
  /** Nesterov's. */
  momentum: z.number().min(0).max(1),
  /** Of the classifier's weights. */
  weightDecay: z.number().min(0),
  /**
   * 'per-epoch': of new random views each epoch (the protocol); 'fixed': of the images' centre crops, the same ones each time.
   */
  features: z.enum(['fixed', 'per-epoch']),
  /**
   * Of per-epoch features: 'crop-flip' (the protocol); 'pretraining': what the encoder was trained on, the views T and T' in turn,
   * epoch by epoch (paper Table 7).
   */
  augmentation: z.enum(['crop-flip', 'pretraining']).default('crop-flip'),
  /**
   * Logits x become clipped = alpha tanh(x / alpha) in training, and the loss gains beta mean(clipped^2), the mean over images and
   * classes (paper Table 7: alpha 20, beta 0.01). null: neither (the protocol).
   */
  logitRegularizer: z
    .strictObject({
      /** Bound of the logits. */
      alpha: z.number().positive(),
      /** Weight of their mean square in the loss. */
      beta: z.number().min(0),
    })
    .nullable()
    .default(null),
  /** Part of the training images that is held out to choose the learning rate, where the data has no validation images. */
  validationFraction: z.number().gt(0).lt(1),
});

/** `evaluation.linear`. */
export type LinearSettings = DeepReadonly<z.infer<typeof linearSettings>>;

/**
 * Paper C.1: five learning rates, Nesterov momentum 0.9, no weight decay. The paper holds out the last 10,009 of ImageNet's
 * training images; we hold out as many, the same part of each class, drawn by the seed.
 */
export const officialLinear: LinearSettings = {
  atEnd: true,
  epochs: 80,
  batchSize: 1024,
  learningRates: [0.4, 0.3, 0.2, 0.1, 0.05],
  momentum: 0.9,
  weightDecay: 0,
  features: 'per-epoch',
  augmentation: 'crop-flip',
  logitRegularizer: null,
  validationFraction: 10_009 / 1_281_167,
};

/** The same classifier for small images: on the features of their centre crops, which stay the same. */
export const fixedLinear: LinearSettings = {
  ...officialLinear,
  batchSize: 256,
  learningRates: [1.6, 0.8, 0.4, 0.2, 0.1],
  features: 'fixed',
  validationFraction: 0.1,
};

/** alpha and beta of paper Table 7. */
const logitRegularizer = { alpha: 20, beta: 0.01 } as const;

/** Settings that people know by a name. */
export const linearRecipes = {
  paper: officialLinear,
  /** The authors' published code (configs/eval.py): one learning rate, trained on all that is not test (byol-facts 6.3). */
  code: { ...officialLinear, batchSize: 4096, learningRates: [0.2] },
  'table-7-augmentation': { ...officialLinear, augmentation: 'pretraining' },
  'table-7-regularizer': { ...officialLinear, logitRegularizer },
  'table-7-both': { ...officialLinear, augmentation: 'pretraining', logitRegularizer },
  fixed: fixedLinear,
} as const satisfies Readonly<Record<string, LinearSettings>>;
