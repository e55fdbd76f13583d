import { takeImages } from '../augment/take-images.js';
import { viewSpec } from '../augment/view-spec.js';
import type { ViewSpec } from '../binding/native.js';
import type { Images } from '../data/images.js';
import type { EvaluationContext } from './context.js';
import { centerRows, evenBatches } from './embed.js';
import type { FrozenEncoder } from './frozen-encoder.js';
import { mapQueued } from './in-flight.js';

/** Images as two encoders see them, and small pictures of them. */
export interface GatheredImages {
  /** Which images: those that were asked for, without broken ones. */
  readonly images: Int32Array;
  readonly dimension: number;
  /** Of each encoder images x dimension. */
  readonly features: readonly Float32Array[];
  /** images x side x side x 3, 8-bit RGB: the part that the encoders see. */
  readonly pictures: Uint8Array;
}

/** A small picture of what encoders see of an image, smoothed as it is made smaller. */
function pictureView(side: number): ViewSpec {
  return viewSpec({
    size: side,
    resampling: 'bilinear',
    antialias: true,
    jitter: 'official',
    blurBorder: 'zero',
    mean: [0, 0, 0],
    std: [1, 1, 1],
  });
}

/** Each image is decoded once. `side`: of the small pictures, in pixels. The encoders have the same view and size of features. */
export async function gatherImages(
  { native, device, signal, onProgress }: EvaluationContext,
  encoders: readonly FrozenEncoder[],
  images: Images,
  { indices, side }: { readonly indices: Int32Array; readonly side: number },
): Promise<GatheredImages> {
  const [first] = encoders as readonly [FrozenEncoder];
  const dimension = first.network.features;
  const bytes = side * side * 3;
  const features = encoders.map(() => new Float32Array(indices.length * dimension));
  const pictures = new Uint8Array(indices.length * bytes);
  const kept: number[] = [];
  const work = async ({ start, end }: { readonly start: number; readonly end: number }) => {
    const asked = indices.slice(start, end);
    const taken = await takeImages(images, asked, [{ spec: first.view, draw: centerRows(images, first.view) }]);
    const plan = taken.plans[0] as Float32Array;
    try {
      const from = { images: taken.store, indices: taken.indices, plan };
      const view = pictureView(side);
      const small = await native.executePlan({
        ...from,
        view,
        executor: 'fused',
        dtype: 'float32',
        threads: 0,
        device: 'cpu',
      });
      const found: Float32Array[] = [];
      for (const { network, view: own, statistics } of encoders) {
        const bank = new native.FeatureBank(end - start, dimension, device);
        try {
          await network.embed({ ...from, view: own, statistics, bank, offset: 0 });
          found.push(await bank.read(0, end - start));
        } finally {
          bank.dispose();
        }
      }
      return { end, asked, actual: taken.images, small, found };
    } finally {
      taken.release();
    }
  };
  const batches = evenBatches(indices.length, first.batchSize);
  for await (const { end, asked, actual, small, found } of mapQueued(batches, work, { queued: 1, signal })) {
    for (let row = 0; row < asked.length; row += 1) {
      // Another one in the place of a broken one is there already.
      if (asked[row] !== actual[row]) continue;
      const at = kept.length;
      for (const [i, values] of found.entries()) {
        features[i]?.set(values.subarray(row * dimension, (row + 1) * dimension), at * dimension);
      }
      for (let i = 0; i < bytes; i += 1) {
        pictures[at * bytes + i] = Math.round(255 * Math.min(1, Math.max(0, small[row * bytes + i] as number)));
      }
      kept.push(asked[row] as number);
    }
    onProgress?.({ phase: 'images', done: end, total: indices.length });
  }
  return {
    images: Int32Array.from(kept),
    dimension,
    features: features.map((values) => values.slice(0, kept.length * dimension)),
    pictures: pictures.slice(0, kept.length * bytes),
  };
}
