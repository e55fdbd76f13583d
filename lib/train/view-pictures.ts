import type { Pipeline } from '../augment/pipeline.js';
import { drawPlan } from '../augment/plan.js';
import { takeImages } from '../augment/take-images.js';
import { viewSpec } from '../augment/view-spec.js';
import type { NativeModule } from '../binding/native.js';
import type { Config } from '../config/schema.js';
import { sizesOf } from '../data/dataset.js';
import type { Images } from '../data/images.js';
import { pipelineView } from '../random/purposes.js';

/** What the network sees, for people: RGB in [0, 1], views.size x views.size x 3, with the normalisation taken back. */
export interface ViewPictures {
  readonly original: Float32Array;
  /** T and T'. */
  readonly views: readonly Float32Array[];
}

/** `count` images, evenly over all, or as many as there are; each with its two views as a run's first epoch draws them. */
export async function viewPictures(
  native: NativeModule,
  images: Images,
  count: number,
  config: Pick<Config, 'views' | 'seed' | 'threads'>,
): Promise<ViewPictures[]> {
  const shown = Math.min(count, images.count);
  const asked = Int32Array.from({ length: shown }, (_, row) => Math.floor((row * images.count) / shown));
  const columns: Float32Array[] = [];
  for (const [column, pipeline] of [[], ...config.views.pipelines].entries()) {
    columns.push(await render(native, images, asked, config, pipeline, column === 0 ? 0 : pipelineView(column - 1)));
  }
  const length = config.views.size ** 2 * 3;
  const at = (column: Float32Array, row: number): Float32Array => column.subarray(row * length, (row + 1) * length);
  const [originals, ...views] = columns as [Float32Array, ...Float32Array[]];
  return Array.from(asked, (_, row) => ({
    original: at(originals, row),
    views: views.map((column) => at(column, row)),
  }));
}

/** Each column is taken for itself: what is taken at once has the crops of two views at most. */
async function render(
  native: NativeModule,
  images: Images,
  asked: Int32Array,
  { views, seed, threads }: Pick<Config, 'views' | 'seed' | 'threads'>,
  pipeline: Pipeline,
  view: number,
): Promise<Float32Array> {
  const draw = { pipeline, view, seed, epoch: 0, jitter: views.jitter };
  const spec = viewSpec(views);
  const drawn = {
    spec,
    draw: (samples: Int32Array) => drawPlan({ ...draw, samples, ...sizesOf(images, samples) }),
  };
  const taken = await takeImages(images, asked, [drawn]);
  try {
    const pixels = await native.executePlan({
      images: taken.store,
      indices: taken.indices,
      plan: taken.plans[0] as Float32Array,
      view: spec,
      executor: 'fused',
      dtype: 'float32',
      threads,
      device: 'cpu',
    });
    return denormalized(pixels, views);
  } finally {
    taken.release();
  }
}

function denormalized(pixels: Float32Array, { mean, std }: Config['views']): Float32Array {
  return pixels.map((value, at) => {
    const channel = (at % 3) as 0 | 1 | 2;
    return value * std[channel] + mean[channel];
  });
}
