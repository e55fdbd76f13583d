import { z } from 'zod';

/** What the networks are made of. */

const positiveInt = z.int().positive();

export const encoderSchema = z.strictObject({
  /** 'basic': two convolutions of 3x3 (ResNet-18, 34); 'bottleneck': 1x1, 3x3 and 1x1 (ResNet-50 and larger). */
  block: z.enum(['basic', 'bottleneck']),
  /** Blocks per group; resnet18 is [2, 2, 2, 2]. Each group after the first halves the resolution. */
  blocks: z.array(positiveInt).min(1).max(6),
  /** Channels of the stem: 64 for a 1x network. Group g has width * 2^g channels (4 times that in bottlenecks). */
  width: positiveInt,
  /**
   * 'imagenet': 7x7 with stride 2, then a pool. 'small': 3x3 with stride 1, padded by 1 pixel. 'small-padded': by 2, as solo-learn has
   * it for CIFAR, so that maps are 2 pixels larger.
   */
  stem: z.enum(['imagenet', 'small', 'small-padded']),
  /** 'same': TensorFlow's asymmetric padding, as the official code; 'symmetric': as torchvision. */
  padding: z.enum(['same', 'symmetric']),
  /** 'official': truncated normal, 1/sqrt(fan_in); 'torchvision': Kaiming normal, fan_out. */
  initialization: z.enum(['official', 'torchvision']),
  /** 'official': a projection in the first block of every group; 'torchvision': only where shapes differ. */
  shortcut: z.enum(['official', 'torchvision']),
  /**
   * gamma = 0 in the last normalisation of each bottleneck, as the official code (Haiku) has it; basic blocks keep 1 there and
   * here. The paper's numbers used 1 everywhere (official README).
   */
  zeroInitLastNorm: z.boolean(),
});

export const headSchema = z.strictObject({
  /** Widths of the hidden layers, each a Linear, a norm and ReLU; [] makes the head a single Linear. */
  hidden: z.array(positiveInt),
  /** Dimension of what comes out. */
  output: positiveInt,
  /** Hidden layers have a bias. */
  hiddenBias: z.boolean(),
  /** The last layer has a bias. */
  outputBias: z.boolean(),
  /** A norm of the head's kind after the last Linear, without ReLU, as SimSiam's projector has. */
  outputNorm: z.boolean(),
});

export const projectorSchema = headSchema.extend({
  /** Dimension of the projections. 'classes': as many as the training images have, for learning from labels; known once they are open. */
  output: z.union([positiveInt, z.literal('classes')]),
});

export const predictorSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    /** Layers that learn (paper section 3.3). */
    kind: z.literal('mlp'),
    ...headSchema.shape,
  }),
  z.strictObject({
    /** The batch's least-squares linear map from online to target projections, solved at each step (paper section 5, I.2). */
    kind: z.literal('optimal'),
    /** Added to the diagonal of the normal equations, as a part of its mean; above 0 also where they are singular. */
    ridge: z.number().min(0),
  }),
]);

/**
 * What normalises each part of the network:
 * - 'batch': over the batch, as in the paper.
 * - 'group': over the channels of each group, for every image alone; 'layer': over all channels.
 * - 'affine': a scale and an offset per channel, initialised so that the first batch comes out as with 'batch'; nothing is
 *   normalised from there on.
 * - 'none': nothing at all.
 * All but 'batch' are of the paper's follow-up, BYOL without batch statistics (arXiv 2010.10241, byol-facts 5.11).
 */
const normKind = z.enum(['batch', 'group', 'layer', 'affine', 'none']);

export const normSchema = z.strictObject({
  encoder: normKind,
  projector: normKind,
  predictor: normKind,
  /** Groups of 'group'; they must divide the channels of every layer. */
  groups: z.int().positive(),
  /**
   * Convolutions and Linears before a norm (of whatever kind, 'none' too) compute with weights of mean 0 and variance 1 over
   * their inputs.
   */
  weightStandardization: z.boolean(),
  /** Of the running averages of 'batch', per forward pass: the share of the old value. */
  decay: z.number().min(0).max(1),
  /** Added to the variance. */
  epsilon: z.number().positive(),
});

/** How encoder and heads are normalised: by what, in groups of how many, with weight standardisation or not. */
export type NormConfig = Readonly<z.infer<typeof normSchema>>;

interface Head {
  readonly hidden: readonly number[];
  readonly output: number | 'classes';
  readonly outputNorm: boolean;
}

interface Networks {
  readonly norm: NormConfig;
  readonly encoder: { readonly width: number };
  readonly projector: Head;
  readonly predictor: Head | { readonly kind: 'optimal' } | null;
}

/** A group that is a channel short would be another layer than the one asked for: refused, naming the layer. */
export function requireEvenGroups(config: Networks, context: z.RefinementCtx): void {
  const { norm } = config;
  if (norm.groups === 1) return;
  // The channels of all groups of blocks are multiples of the stem's.
  const layers: Array<readonly [string, number]> =
    norm.encoder === 'group' ? [['encoder.width', config.encoder.width]] : [];
  for (const part of ['projector', 'predictor'] as const) {
    const head = config[part];
    if (norm[part] !== 'group' || head === null || !('hidden' in head)) continue;
    layers.push(...head.hidden.map((width, index) => [`${part}.hidden.${index}`, width] as const));
    if (head.outputNorm && head.output !== 'classes') layers.push([`${part}.output`, head.output]);
  }
  const uneven = layers.filter(([, channels]) => channels % norm.groups !== 0);
  if (uneven.length === 0) return;
  const list = uneven.map(([path, channels]) => `${path} ${channels}`).join(', ');
  context.addIssue({
    code: 'custom',
    path: ['norm', 'groups'],
    message: `expected a divisor of the channels of every layer with norm 'group', which it is not of ${list}`,
  });
}
