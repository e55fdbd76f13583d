import { z } from 'zod';
import { pipelineSchema } from '../augment/pipeline.js';
import { evaluationTransforms } from '../augment/view-spec.js';
import { type DataConfig, dataSchema } from '../data/kinds/index.js';
import type { DeepReadonly } from '../deep-readonly.js';
import { protocolSettings } from '../eval/protocols/index.js';
import { additions } from './additions.js';
import { encoderSchema, normSchema, predictorSchema, projectorSchema, requireEvenGroups } from './network.js';
import { currentNames } from './old-names.js';

/** The configuration of a run: plain data, the same for the command line, files and the API. Every key is checked. */

const positiveInt = z.int().positive();
const fraction = z.number().min(0).max(1);

/** beta: of the term beside the loss. */
const negativeWeight = z.number().min(0);
/** alpha: the lower, the more the most similar images count. */
const negativeTemperature = z.number().positive();

export const objectiveSchema = z.strictObject({
  /**
   * How prediction and target are normalised before their squared distance is taken (paper Table 20): 'l2' gives 2 - 2cos.
   * 'softmax' compares class probabilities, as Mean Teacher does: squared distance divided by the number of classes.
   */
  similarity: z.enum(['l2', 'layer', 'batch', 'none', 'softmax']),
  /** true: both directions, summed; false: only view 1 predicts view 2. */
  symmetric: z.boolean(),
  /** Multiplies the loss, and so its gradient. */
  scale: z.number().positive(),
  /** 'separate': batch statistics of each view's own (BYOL); 'joint': both views in one forward pass (SimCLR). */
  statistics: z.enum(['separate', 'joint']),
  /**
   * Batch statistics over so many equal parts of the batch, grouped anew for the target: what MoCo's shuffled batch
   * normalisation does on as many GPUs. 1: over the whole batch.
   */
  statisticsGroups: positiveInt,
  /**
   * The term of the paper's section 5 that pushes apart: weight (beta) times 2 * temperature (alpha) times the log of the
   * summed exp(similarity / temperature). null: none (BYOL).
   */
  negatives: z
    .discriminatedUnion('kind', [
      z.strictObject({
        /** The other images of the batch, in both views. */
        kind: z.literal('batch'),
        weight: negativeWeight,
        temperature: negativeTemperature,
      }),
      z.strictObject({
        /** Targets of earlier steps, as in MoCo. */
        kind: z.literal('queue'),
        weight: negativeWeight,
        temperature: negativeTemperature,
        /** Targets kept; a multiple of what a forward pass adds. */
        size: positiveInt,
      }),
    ])
    .nullable(),
});

export const supervisionSchema = z.strictObject({
  /** Part of the training images whose labels are used, drawn with the seed, evenly over the classes; 1: all. */
  labelFraction: z.number().gt(0).max(1),
  /**
   * Part of every batch that is images with such a label, which so come more than once an epoch; null: as many as the random
   * order of all images brings.
   */
  labelledPerBatch: z.number().gt(0).lt(1).nullable().default(additions['supervision.labelledPerBatch']),
  /** Part of the target distribution that is spread evenly over all classes. */
  labelSmoothing: z.number().min(0).lt(1),
  /** Weight of the objective beside the cross-entropy once it is ramped up; 0: labels only, and no target is computed. */
  consistency: z.number().min(0),
  /** Epochs over which that weight rises as exp(-5 (1 - t)^2) (Mean Teacher). */
  rampUpEpochs: z.number().min(0),
});

/** How the learning rate falls once it has been warmed up. */
export const rateScheduleSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    /** To 0 at the last step (BYOL section 3.3). */
    kind: z.literal('cosine'),
  }),
  z.strictObject({
    /** Multiplied by factor after each of these parts of the run: [0.6, 0.8] are epochs 120 and 160 of 200 (MoCo v1). */
    kind: z.literal('steps'),
    /** Parts of the run, in their order. */
    at: z.array(z.number().gt(0).lt(1)).min(1),
    /** Of the learning rate before. */
    factor: z.number().gt(0).max(1),
  }),
]);

/** What both optimisers begin with. */
const stepSettings = {
  /** Peak learning rate is this times (batchSize * accumulate) / 256. */
  baseLearningRate: z.number().positive(),
  /** Times the weights, added to their gradient; not of biases and normalisation parameters, unless decayNormAndBias says so. */
  weightDecay: z.number().min(0),
  /** Part of the last step that the next one keeps. */
  momentum: fraction,
};

/** And how their learning rates go. */
const rateSettings = {
  /**
   * Epochs at the start in which the predictor alone learns, at its peak rate; warm-up and schedule begin after them. Without batch
   * statistics the predictor has to answer with the mean of the targets before the encoder moves, which moves there itself
   * otherwise (guide: Without batch statistics).
   */
  predictorFirstEpochs: z.number().min(0).default(additions['optimizer.predictorFirstEpochs']),
  /** Epochs over which the learning rate rises from 0 to its peak. */
  warmupEpochs: z.number().min(0),
  /** Learning rate of the projector relative to the encoder's (paper Table 22). */
  projectorLearningRateScale: z.number().min(0),
  /** Learning rate of the predictor relative to the encoder's (paper Tables 21 and 22). */
  predictorLearningRateScale: z.number().min(0),
  /** 'cosine': the predictor's learning rate follows `schedule` like all others; 'constant': it stays at its peak (SimSiam). */
  predictorSchedule: z.enum(['cosine', 'constant']),
  /** How the learning rate falls once it has been warmed up. */
  schedule: rateScheduleSchema.default(additions['optimizer.schedule']),
};

export const optimizerSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    /** Learning rates adapted layer by layer, for large batches (paper section 3.3; You et al. 2017). */
    kind: z.literal('lars'),
    ...stepSettings,
    /** Of each layer's learning rate: times the norm of its weights over the norm of their gradient. */
    trustCoefficient: z.number().positive(),
    ...rateSettings,
  }),
  z.strictObject({
    /** Stochastic gradient descent with momentum. */
    kind: z.literal('sgd'),
    ...stepSettings,
    /** Momentum looks one step ahead. */
    nesterov: z.boolean(),
    /** Decay normalisation parameters and biases as well, as torch.optim.SGD does when given all parameters. */
    decayNormAndBias: z.boolean(),
    ...rateSettings,
  }),
]);

export const targetSchema = z.strictObject({
  /**
   * Where targets come from: 'ema', a moving average of the online network; 'stop-gradient', the online network as it is
   * (tau = 0 at every step); 'gradient', the same with the gradient (paper Table 19).
   */
  mode: z.enum(['ema', 'stop-gradient', 'gradient']),
  /** Decay of the target's moving average at step 0 (tau, not 1 - tau). */
  tauBase: z.number().min(0).max(1),
  /**
   * 'cosine': rises to 1 at the last step (paper section 3.3); 'constant': stays at tauBase; 'warm': min(1 - 1 / (step + 1),
   * tauBase) (Mean Teacher).
   */
  schedule: z.enum(['cosine', 'constant', 'warm']),
  /** 'independent': the target's own random draw, as the official code; 'copy': starts equal to the online network. */
  init: z.enum(['independent', 'copy']),
});

export const viewsSchema = z.strictObject({
  /** Side of the square views in pixels. */
  size: z.int().min(8),
  /** Filter with which crops are resized. */
  resampling: z.enum(['bicubic', 'bilinear']),
  /** Widen the filter when shrinking, as Pillow does. The official code does not. */
  antialias: z.boolean(),
  /** Whose definitions of brightness, contrast and saturation. */
  jitter: z.enum(['official', 'torchvision']),
  /** What a blur sees beyond the border: black, or the view mirrored. */
  blurBorder: z.enum(['zero', 'reflect']),
  /** Mean of each channel, subtracted from values in [0, 1]. */
  mean: z.tuple([z.number(), z.number(), z.number()]),
  /** Standard deviation of each channel, divided by. */
  std: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
  /** Operations of each view: T and T'. */
  pipelines: z.tuple([pipelineSchema, pipelineSchema]).readonly(),
});

/** By the names that settings have now, with the kinds of data and the protocols that there are. */
function settingsWith(data: z.ZodType<DataConfig>, protocols: ReturnType<typeof protocolSettings>) {
  return z.strictObject({
    /** The preset that these settings started from. In a file, a patch or --set it chooses that start. */
    preset: z.string().min(1).optional(),
    /**
     * The method whose recipe was taken, BYOL if left out. In a file, a patch or --set it applies that recipe to the start; only
     * a method written in TypeScript may have another name than those of lib/methods.
     */
    method: z.string().min(1).optional(),
    /** Of everything that is drawn: first weights, order of images, views, held-out images. */
    seed: z.int().nonnegative(),
    /** Where it is computed. 'auto': a GPU where there is one, else the CPU; 'cuda' never falls back. */
    device: z.union([
      z.enum(['auto', 'cpu', 'cuda']),
      // Parts of a template are checked for their form only: -1 is a whole number too.
      z
        .templateLiteral(['cuda:', z.int()])
        .refine((name) => /^cuda:\d+$/.test(name), "expected 'cuda:N' with N from 0"),
    ]),
    /** 'auto': bfloat16 where the device has instructions for it. */
    precision: z.enum(['auto', 'float32', 'bfloat16']),
    /**
     * CPU threads. 0: as many as the process may use cores, and fewer while other work on the machine keeps those busy. Results
     * depend on it in their last digits: with the same number, and no other, a run repeats bit for bit.
     */
    threads: z.int().nonnegative(),
    /**
     * On a GPU: equal settings give equal bits, on one kind of card with one LibTorch. Libraries then take algorithms whose
     * result does not depend on the order in which threads come, and none by measuring; steps take longer. A CPU's results do
     * so always.
     */
    deterministic: z.boolean().default(additions.deterministic),
    /** Which images, and where they lie. */
    data,
    views: viewsSchema,
    encoder: encoderSchema,
    norm: normSchema,
    projector: projectorSchema,
    /** null removes it; BYOL then collapses (paper Table 5b). */
    predictor: predictorSchema.nullable(),
    target: targetSchema,
    objective: objectiveSchema,
    /** Learn from labels too, through the projector's outputs as class scores. null: not at all. */
    supervision: supervisionSchema.nullable(),
    optimizer: optimizerSchema,
    /** Times that the training images are gone through. */
    epochs: positiveInt,
    /** Images whose batch statistics are shared: those of one forward pass. */
    batchSize: z.int().min(2),
    /** Forward passes per optimiser step, gradients averaged (paper F.2). */
    accumulate: positiveInt,
    /**
     * What a step does where an epoch ends. 'stream': it goes on into the next one, so that no image is left out and a run has
     * floor(epochs * images / images per step) steps, as the official code's repeated data has; 'drop-last': images that do not
     * fill a step are left out, other ones each epoch, and every epoch has floor(images / images per step) steps.
     */
    epochBoundary: z.enum(['stream', 'drop-last']).default(additions.epochBoundary),
    /** Train a linear classifier on stopped gradients alongside (needs labels). */
    onlineProbe: z.boolean(),
    evaluation: z.strictObject({
      ...protocols,
      /**
       * What is seen of an image, by all protocols and by `byol embed`: 'official': the central square of 0.875 of the shorter
       * side, resampled as views.resampling and views.antialias say; 'torchvision': its reference evaluation, Resize(256) with
       * antialiasing and CenterCrop(224), in this proportion for other sizes. Images of the views' own size are taken whole.
       */
      transform: z.enum(evaluationTransforms).default(additions['evaluation.transform']),
      /** Images per forward pass. */
      batchSize: positiveInt,
    }),
    /** When the state of a training is saved, to go on from. */
    checkpoint: z.strictObject({
      /** A checkpoint after every so many epochs, and at the end. */
      everyEpochs: positiveInt,
      /** Also after so many minutes; 0: never. */
      everyMinutes: z.number().min(0),
      /** How many of the last checkpoints stay. */
      keep: positiveInt,
    }),
    /**
     * What is written while a run goes on, beside its own files. 'tensorboard': event files in the folder `tensorboard` of the run,
     * with its metrics, some images with their views, and its settings.
     */
    log: z.enum(['none', 'tensorboard']).default(additions.log),
  });
}

/** With what single settings cannot say of each other; old names of settings are taken for the ones of now. */
function build(data: z.ZodType<DataConfig>, protocols: ReturnType<typeof protocolSettings>) {
  const tree = settingsWith(data, protocols);
  const checked = tree.superRefine(requireEvenGroups);
  return {
    data,
    protocols,
    tree,
    whole: z.preprocess((value) => (isGroup(value) ? currentNames(value) : value), checked),
  };
}

let built: ReturnType<typeof build> | undefined;

function current(): ReturnType<typeof build> {
  const data = dataSchema();
  const protocols = protocolSettings();
  if (built?.data !== data || built.protocols !== protocols) built = build(data, protocols);
  return built;
}

/** Of whole configurations: another one once a kind of data or a protocol has been registered. */
export const configSchema = (): ReturnType<typeof build>['whole'] => current().whole;

/** The same without what is checked across settings, for walks through all of them. */
export const settingsSchema = (): ReturnType<typeof build>['tree'] => current().tree;

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/**
 * All settings of a run, the same for the command line, files and scripts: `byol presets NAME` prints those of a preset. Read-only
 * throughout: presets are frozen, and a run's settings do not change under it.
 */
export type Config = DeepReadonly<z.infer<ReturnType<typeof configSchema>>>;
/** The ResNet that is trained: its blocks, channels and stem, and whose conventions its padding and first weights follow. */
export type EncoderConfig = Config['encoder'];
/** An MLP over the encoder (paper section 3.3). `output: 'classes'`: as many as the images have. */
export type HeadConfig = Config['projector'];
/** From online to target projections: an MLP, the batch's least-squares optimum (paper section 5), or null for none. */
export type PredictorConfig = Config['predictor'];
/** Where targets come from, and how slowly they follow the online network (paper section 3.2, Tables 5a and 19). */
export type TargetConfig = Config['target'];
/** What the loss compares and how: the family that BYOL, SimCLR, MoCo and Mean Teacher are points of (paper section 5). */
export type ObjectiveConfig = Config['objective'];
/** What labels are used for in training, if anything. */
export type SupervisionConfig = Config['supervision'];
/** LARS (the paper) or SGD, their learning rates and schedules. */
export type OptimizerConfig = Config['optimizer'];
/** Size and statistics of the two views and the augmentations of each (paper Table 6). */
export type ViewsConfig = Config['views'];
/** How the protocols are carried out, and when during a run. */
export type EvaluationConfig = Config['evaluation'];
