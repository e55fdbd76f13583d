import { z } from 'zod';
import { evaluationTransforms } from '../augment/view-spec.js';
import { encoderSchema, normSchema } from '../config/network.js';
import { viewsSchema } from '../config/schema.js';
import { type OptionCheck, type OptionChecks, oneOf } from '../text/options.js';
import type { NetworkOptions } from './encoder-description.js';

/** A check by a setting's own schema. */
export const fits = (schema: z.ZodType, expected: string): OptionCheck => ({
  accepts: (value) => schema.safeParse(value).success,
  expected,
});

const { size, mean, std, resampling, antialias } = viewsSchema.shape;

export const networkChecks: OptionChecks<NetworkOptions> = {
  inputSize: fits(size, 'a whole number of pixels from 8'),
  mean: fits(mean, 'three numbers'),
  std: fits(std, 'three numbers above 0'),
  resampling: fits(resampling, "'bicubic' or 'bilinear'"),
  antialias: fits(antialias, 'true or false'),
  transform: fits(z.enum(evaluationTransforms), "'official' or 'torchvision'"),
  padding: fits(encoderSchema.shape.padding, "'same' or 'symmetric'"),
  stem: oneOf(['small', 'small-padded']),
  norm: fits(
    normSchema.pick({ encoder: true, groups: true, weightStandardization: true, epsilon: true }).partial(),
    'settings of norm: encoder, groups, weightStandardization, epsilon',
  ),
};
