import { classLabels, type Dataset, type ImageSource, type SplitName, sizeOf, splitTitles } from '../data/dataset.js';
import { ByolError } from '../errors.js';
import type { EvaluationProgress } from '../eval/context.js';
import type { Embeddings } from '../export/embeddings.js';
import type { Encoder } from './encoder.js';
import type { ImageInput } from './image-inputs.js';

/** Which images of a data set are embedded. */
export interface EmbedDatasetOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called every so many images. */
  readonly onProgress?: ((progress: EvaluationProgress) => void) | undefined;
}

/** Every image of a split, labelled or not, as embedRun() does with a run's own. All in memory. Throws ERR_BYOL_DATA without it. */
export async function embedDataset(
  encoder: Encoder,
  dataset: Dataset<ImageSource>,
  split: SplitName,
  { signal, onProgress }: EmbedDatasetOptions = {},
): Promise<Embeddings> {
  const images = dataset[split];
  if (images === undefined) throw new ByolError('ERR_BYOL_DATA', `There are no ${splitTitles[split]} to embed.`);
  const { count, source, targets } = images;
  async function* inputs(): AsyncGenerator<ImageInput> {
    let start = 0;
    for (let image = 0; image < count; image += 1) {
      if (source.kind === 'files') {
        yield await source.read(image);
        continue;
      }
      const { height, width } = sizeOf(source, image);
      const end = start + height * width * 3;
      yield { pixels: source.pixels.subarray(start, end), height, width };
      start = end;
    }
  }
  const dimension = encoder.features;
  const features = new Float32Array(count * dimension);
  let done = 0;
  for await (const batch of encoder.embedAll(inputs(), { signal })) {
    features.set(batch.data, done * dimension);
    done += batch.count;
    onProgress?.({ phase: splitTitles[split], done, total: count });
  }
  const { classNames } = dataset;
  return { split, count, dimension, features, labels: classLabels(targets), classNames, weights: encoder.weights };
}
