/**
 * What native objects are made of: plain data, copied at the call, without policy and without defaults. See native.ts for the objects.
 */

export interface EncoderSpec {
  readonly block: 'basic' | 'bottleneck';
  readonly blocks: readonly number[];
  readonly width: number;
  readonly stem: 'imagenet' | 'small' | 'small-padded';
  readonly padding: 'same' | 'symmetric';
  readonly initialization: 'official' | 'torchvision';
  readonly shortcut: 'official' | 'torchvision';
  readonly zeroInitLastNorm: boolean;
}

export interface HeadSpec {
  readonly hidden: readonly number[];
  readonly output: number;
  readonly hiddenBias: boolean;
  readonly outputBias: boolean;
  /** A norm of the head's kind after the last Linear, without ReLU. */
  readonly outputNorm: boolean;
}

export type NormKind = 'batch' | 'group' | 'layer' | 'affine' | 'none';

export interface NormSpec {
  readonly encoder: NormKind;
  readonly projector: NormKind;
  readonly predictor: NormKind;
  /** Of kind 'group'; ERR_BYOL_SHAPE where they do not divide a layer's channels. */
  readonly groups: number;
  readonly weightStandardization: boolean;
  /** Of the running statistics of kind 'batch'. */
  readonly decay: number;
  readonly epsilon: number;
}

export type PredictorSpec =
  | ({ readonly kind: 'mlp' } & HeadSpec)
  /** The batch's least-squares predictor; `ridge` relative to the mean of the normal equations' diagonal. */
  | { readonly kind: 'optimal'; readonly ridge: number };

/** See ObjectiveConfig in lib/config/schema.ts for what each means. */
export interface ObjectiveSpec {
  readonly similarity: 'l2' | 'layer' | 'batch' | 'none' | 'softmax';
  readonly target: 'ema' | 'stop-gradient' | 'gradient';
  readonly symmetric: boolean;
  readonly scale: number;
  readonly jointStatistics: boolean;
  readonly statisticsGroups: number;
  readonly negatives:
    | { readonly kind: 'batch'; readonly weight: number; readonly temperature: number }
    | { readonly kind: 'queue'; readonly weight: number; readonly temperature: number; readonly size: number }
    | null;
}

/** Cross-entropy on the projector's outputs. `target` false: the objective is not computed at all. */
export interface SupervisionSpec {
  /** 0 with `many`. */
  readonly labelSmoothing: number;
  readonly target: boolean;
  /** Images have any number of classes, and the cross-entropy is of a sigmoid for each, their mean. */
  readonly many: boolean;
}

export interface OptimizerSpec {
  readonly kind: 'lars' | 'sgd';
  readonly momentum: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
  readonly trustCoefficient: number;
  readonly decayNormAndBias: boolean;
}

export interface LearnerSpec {
  readonly encoder: EncoderSpec;
  readonly norm: NormSpec;
  readonly projector: HeadSpec;
  readonly predictor: PredictorSpec | null;
  readonly objective: ObjectiveSpec;
  readonly supervision: SupervisionSpec | null;
  readonly targetInit: 'independent' | 'copy';
  readonly optimizer: OptimizerSpec;
  /** Classes of the online linear classifier; 0: none. */
  readonly classes: number;
  readonly precision: 'float32' | 'bfloat16';
  /**
   * On a GPU: only algorithms whose result does not depend on the order in which threads come, and none chosen by measuring.
   * cuBLAS needs CUBLAS_WORKSPACE_CONFIG for it, before its first use. No effect on the CPU.
   */
  readonly deterministic: boolean;
  /** 'cpu' or 'cuda:N'. */
  readonly device: string;
  /** Unsigned 53-bit integer. */
  readonly seed: number;
}

/** What computes representations and nothing else: no target, no heads, no optimiser, no gradient. */
export interface NativeEncoderSpec {
  readonly encoder: EncoderSpec;
  /** `decay`: of the running statistics in a training state, which holds them before their bias is removed. */
  readonly norm: Pick<NormSpec, 'encoder' | 'groups' | 'weightStandardization' | 'decay' | 'epsilon'>;
  readonly precision: 'float32' | 'bfloat16';
  /** 'cpu' or 'cuda:N'. */
  readonly device: string;
  /** Unsigned 53-bit integer, of the random initialisation: that of a learner's online encoder with the same seed. */
  readonly seed: number;
}

/** What is the same for every row of a plan (native/core/augment/plan.h). */
export interface ViewSpec {
  readonly height: number;
  readonly width: number;
  readonly resampling: 'bicubic' | 'bilinear';
  readonly antialias: boolean;
  /** Pixels around the crop count where the kernel reaches them: the image is resized and then cropped. */
  readonly beyondCrop: boolean;
  readonly jitter: 'official' | 'torchvision';
  readonly blurRadius: number;
  readonly blurBorder: 'zero' | 'reflect';
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}
