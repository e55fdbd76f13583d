import type { Pipeline } from '../../lib/augment/pipeline.js';
import { type DrawOptions, drawPlan } from '../../lib/augment/plan.js';
import { blurRadius } from '../../lib/augment/view-spec.js';
import type { NativeImageStore, NativeModule, ViewSpec } from '../../lib/binding/native.js';
import { Stream } from '../../lib/random/philox.js';
import { equallySized } from '../support/stores.js';
import type { Pixels } from './oracle.js';

export interface Images extends Pixels {
  readonly count: number;
  readonly data: Uint8Array;
  readonly store: NativeImageStore;
}

export interface Batch {
  readonly images: Images;
  readonly indices: Int32Array;
  readonly plan: Float32Array;
  readonly view: ViewSpec;
}

/** A view that is not normalised, with the official definitions. */
export function viewOf(size: number, changes: Partial<ViewSpec> = {}): ViewSpec {
  return {
    height: size,
    width: size,
    resampling: 'bicubic',
    antialias: false,
    beyondCrop: false,
    jitter: 'official',
    blurRadius: blurRadius(size),
    blurBorder: 'zero',
    mean: [0, 0, 0],
    std: [1, 1, 1],
    ...changes,
  };
}

export function imagesOf(native: NativeModule, data: Uint8Array, count: number, height: number, width: number): Images {
  return { count, height, width, data, store: equallySized(native, data, count, height, width) };
}

/** Waves of colour with noise, grey patches and saturated pixels. */
export function syntheticImages(native: NativeModule, count: number, height: number, width: number): Images {
  const data = new Uint8Array(count * height * width * 3);
  for (let n = 0; n < count; n += 1) {
    const stream = new Stream(99, 0, n);
    for (let i = 0; i < height * width; i += 1) {
      const gray = stream.chance(0.1);
      const level = stream.below(256);
      for (let c = 0; c < 3; c += 1) {
        const wave = 128 + 150 * Math.sin(((n + 1) * Math.floor(i / width)) / 7 + (i % width) / 5 + 2 * c);
        const value = gray ? level : Math.round(wave + stream.uniform(-20, 20));
        data[(n * height * width + i) * 3 + c] = Math.min(Math.max(value, 0), 255);
      }
    }
  }
  return imagesOf(native, data, count, height, width);
}

/** `rows` views of the images in turn. */
export function batchOf(
  images: Images,
  rows: number,
  pipeline: Pipeline,
  view: ViewSpec,
  options: Partial<DrawOptions> = {},
): Batch {
  const plan = drawPlan({
    pipeline,
    view: 0,
    seed: 5,
    epoch: 0,
    // Other numbers than the images', so that an image gets several views.
    samples: Int32Array.from({ length: rows }, (_, i) => i),
    heights: images.height,
    widths: images.width,
    jitter: view.jitter,
    ...options,
  });
  return { images, indices: Int32Array.from({ length: rows }, (_, i) => i % images.count), plan, view };
}

export function execute(
  native: NativeModule,
  { images, indices, plan, view }: Batch,
  options: {
    executor?: 'fused' | 'reference';
    dtype?: 'float32' | 'bfloat16';
    threads?: number;
    device?: string;
  } = {},
): Promise<Float32Array> {
  const { executor = 'fused', dtype = 'float32', threads = 0, device = 'cpu' } = options;
  return native.executePlan({ images: images.store, indices, plan, view, executor, dtype, threads, device });
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; i += 1) {
    const difference = Math.abs((a[i] as number) - (b[i] as number));
    // Not Math.max: a NaN must not pass.
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
