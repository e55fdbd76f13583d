import { z } from 'zod';
import { type Config, settingsSchema } from '../config/schema.js';
import type { ByolError } from '../errors.js';
import type { NetworkOptions } from '../export/encoder-description.js';
import { fits, networkChecks } from '../export/network-checks.js';
import type { Branch } from '../import/networks/choose-network.js';
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
  /**
   * Of another program's checkpoint with several networks: 'online', the trained one, or 'target', its moving average, or what a
   * network's names begin with. Left out: 'online' where there is one.
   */
  readonly branch?: Branch | undefined;
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

const positive = fits(z.int().positive(), 'a whole number above 0');
const settings = settingsSchema().shape;

export const encoderChecks: option.OptionChecks<EncoderOptions & { readonly path: string }> = {
  path: option.required(option.path),
  device: fits(settings.device, "'auto', 'cpu', 'cuda' or 'cuda:N'"),
  precision: fits(settings.precision, "'auto', 'float32' or 'bfloat16'"),
  threads: fits(settings.threads, 'a whole number from 0'),
  batchSize: positive,
  maxPixels: positive,
  branch: option.text,
  ...networkChecks,
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
