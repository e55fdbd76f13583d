import { z } from 'zod';
import type { DeepReadonly } from '../deep-readonly.js';

/** The augmentations of one view, as plain data. What both views share (size, statistics) is in schema.ts. */

/** How likely it is that the operation is done. */
const probability = z.number().min(0).max(1);

/** [low, high] with 0 < low <= high. */
const positiveRange = z
  .tuple([z.number().positive(), z.number().positive()])
  .refine(([low, high]) => low <= high, 'must be [low, high] with low <= high');

const randomResizedCropSchema = z.strictObject({
  /** A box of random area and aspect ratio, resized to the view. */
  kind: z.literal('randomResizedCrop'),
  /** Part of the image's area, uniform. */
  area: positiveRange.refine(([, high]) => high <= 1, 'must not exceed 1, the whole image'),
  /** Width over height, log-uniform. */
  aspect: positiveRange,
  /**
   * 'official': one draw, sides cut to the image's, so that the aspect ratio may leave its range; 'torchvision': up to
   * ten draws until one fits, then the largest central crop within the range.
   */
  sampling: z.enum(['official', 'torchvision']),
});

const centerSchema = z.strictObject({
  /** The central square, without chance. */
  kind: z.literal('center'),
  /** The central square of this part of the shorter side; the official evaluation takes 0.875. */
  fraction: z.number().gt(0).max(1),
});

const flipSchema = z.strictObject({
  /** Left and right exchanged. */
  kind: z.literal('flip'),
  p: probability,
});

const colorJitterSchema = z.strictObject({
  /** Brightness, contrast, saturation and hue, changed in random order. */
  kind: z.literal('colorJitter'),
  p: probability,
  /** Offsets (official) or factors (torchvision) are drawn within this distance of no change. */
  brightness: z.number().min(0).max(1),
  /** As brightness. */
  contrast: z.number().min(0).max(1),
  /** As brightness. */
  saturation: z.number().min(0).max(1),
  /** In turns of the colour circle. */
  hue: z.number().min(0).max(0.5),
});

const grayscaleSchema = z.strictObject({
  /** Grey, in three channels. */
  kind: z.literal('grayscale'),
  p: probability,
});

const blurSchema = z.strictObject({
  /** By a Gaussian. */
  kind: z.literal('blur'),
  p: probability,
  /** Standard deviation in pixels of the view, uniform. The kernel's size follows from the view's (blurRadius). */
  sigma: positiveRange,
});

const solarizeSchema = z.strictObject({
  /** Values from 0.5 upwards, of 0 to 1, are inverted. */
  kind: z.literal('solarize'),
  p: probability,
});

const schemas = [
  randomResizedCropSchema,
  centerSchema,
  flipSchema,
  colorJitterSchema,
  grayscaleSchema,
  blurSchema,
  solarizeSchema,
] as const;

export const operationSchema = z.discriminatedUnion('kind', schemas);

/** One augmentation, told apart by `kind`: 'randomResizedCrop', 'flip', 'colorJitter', ... Probabilities are in [0, 1]. */
export type Operation = DeepReadonly<z.infer<typeof operationSchema>>;
export type OperationOf<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>;

/** Operations are executed in this order (paper appendix B); the two kinds of crop exclude each other. */
const STAGES: readonly (readonly Operation['kind'][])[] = [
  ['randomResizedCrop', 'center'],
  ['flip'],
  ['colorJitter'],
  ['grayscale'],
  ['blur'],
  ['solarize'],
];

/** Each operation at most once, in the order of execution. Without a crop the whole image is resized. */
export const pipelineSchema = z
  .array(operationSchema)
  .superRefine((operations, context) => {
    const stages = operations.map(({ kind }) => STAGES.findIndex((kinds) => kinds.includes(kind)));
    for (const [i, stage] of stages.entries()) {
      if (i > 0 && stage <= (stages[i - 1] as number)) {
        const order = STAGES.map((kinds) => kinds.join(' or ')).join(', ');
        context.addIssue({
          code: 'custom',
          path: [i],
          message: `${operations[i]?.kind} cannot follow ${operations[i - 1]?.kind}: each runs once, in the order ${order}`,
        });
      }
    }
  })
  .readonly();

/** The augmentations of a view, each at most once, in the order of the paper (appendix B); without a crop the whole image is resized. */
export type Pipeline = readonly Operation[];

/** Random crop and flip: the training views of the linear protocol (paper C.1). */
export const cropAndFlip: Pipeline = [
  { kind: 'randomResizedCrop', area: [0.08, 1], aspect: [3 / 4, 4 / 3], sampling: 'official' },
  { kind: 'flip', p: 0.5 },
];

function officialView(blur: number, solarize: number): Pipeline {
  return [
    ...cropAndFlip,
    { kind: 'colorJitter', p: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.2, hue: 0.1 },
    { kind: 'grayscale', p: 0.2 },
    { kind: 'blur', p: blur, sigma: [0.1, 2] },
    { kind: 'solarize', p: solarize },
  ];
}

/** T and T' of BYOL (paper Table 6). */
export const officialViews: readonly [Pipeline, Pipeline] = [officialView(1, 0), officialView(0.1, 0.2)];
