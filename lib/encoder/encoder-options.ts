import { z } from 'zod';
import { encoderSchema, normSchema } from '../config/network.js';
import { type Config, settingsSchema, viewsSchema } from '../config/schema.js';
import type { ByolError } from '../errors.js';
import type { NetworkOptions } from '../export/encoder-description.js';
import * as option from '../text/options.js';

export interface EncoderOptions extends NetworkOptions {
  /** 'auto' if left out: a GPU where there is one. 'cuda' and 'cuda:N' never fall back to the CPU. */
  readonly device?: Config['device'] | undefined;
  /** 'auto' if left out: bfloat16 where the device has instructions for it. Representations are float32 in any case. */
  readonly precision?: Config['precision'] | undefined;
  /**
   * CPU threads of LibTorch, which are the process's. Left out: those of a training that is going on in it, or else as with 0,
   * as many as it may use cores, and fewer while other work keeps those busy.
   */
  readonly threads?: number | undefined;
  /** Images per forward pass, at most; 64 if left out. */
  readonly batchSize?: number | undefined;
  /** Image files with more pixels are refused before they are decoded; 100 million if left out. */
  readonly maxPixels?: number | undefined;
}

/** How images are embedded. */
export interface EmbedOptions {
  /** Takes effect between batches; the promise, or the loop, then fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How images are embedded that may be many. */
export interface EmbedAllOptions extends EmbedOptions {
  /**
   * Called for each image that cannot be read or decoded, which is then left out. Left out itself: the first such image ends
   * the loop with its error.
   */
  readonly onBroken?: ((error: ByolError, index: number) => void) | undefined;
}

const fits = (schema: z.ZodType, expected: string): option.OptionCheck => ({
  accepts: (value) => schema.safeParse(value).success,
  expected,
});
const positive = fits(z.int().positive(), 'a whole number above 0');
const settings = settingsSchema().shape;
const { size, mean, std, resampling, antialias } = viewsSchema.shape;

export const encoderChecks: option.OptionChecks<EncoderOptions & { readonly path: string }> = {
  path: option.required(option.path),
  device: fits(settings.device, "'auto', 'cpu', 'cuda' or 'cuda:N'"),
  precision: fits(settings.precision, "'auto', 'float32' or 'bfloat16'"),
  threads: fits(settings.threads, 'a whole number from 0'),
  batchSize: positive,
  maxPixels: positive,
  inputSize: fits(size, 'a whole number of pixels from 8'),
  mean: fits(mean, 'three numbers'),
  std: fits(std, 'three numbers above 0'),
  resampling: fits(resampling, "'bicubic' or 'bilinear'"),
  antialias: fits(antialias, 'true or false'),
  padding: fits(encoderSchema.shape.padding, "'same' or 'symmetric'"),
  norm: fits(
    normSchema.pick({ encoder: true, groups: true, weightStandardization: true, epsilon: true }).partial(),
    'settings of norm: encoder, groups, weightStandardization, epsilon',
  ),
};

const images: option.OptionCheck = {
  // A text and bytes can be looped over too, by letters and numbers.
  accepts: (value) =>
    value !== null &&
    typeof value === 'object' &&
    !(value instanceof Uint8Array) &&
    (Symbol.iterator in value || Symbol.asyncIterator in value),
  expected: 'a list, iterable or async iterable of images',
};

export const embedAllChecks: option.OptionChecks<EmbedAllOptions & { readonly images: object }> = {
  images: option.required(images),
  signal: option.signal,
  onBroken: option.listener,
};
