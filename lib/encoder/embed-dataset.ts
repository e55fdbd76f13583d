import { classLabels, type Dataset, type ImageSource, type SplitName, splitTitles } from '../data/dataset.js';
import { ByolError } from '../errors.js';
import type { EvaluationProgress } from '../eval/context.js';
import type { Embeddings } from '../export/embeddings.js';
import { embedImages } from './embed-images.js';
import type { Encoder } from './encoder.js';

/** Which images of a data set are embedded. */
export interface EmbedDatasetOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called every so many images. */
  readonly onProgress?: ((progress: EvaluationProgress) => void) | undefined;
}

/**
 * Every image of a split, labelled or not, as embedRun() does with a run's own. All in memory: embedImages() gives them in batches, and
 * embedToFile() writes them. Throws ERR_BYOL_DATA without it, and ERR_BYOL_IMAGE for the first broken image.
 */
export async function embedDataset(
  encoder: Encoder,
  dataset: Dataset<ImageSource>,
  split: SplitName,
  { signal, onProgress }: EmbedDatasetOptions = {},
): Promise<Embeddings> {
  const images = dataset[split];
  if (images === undefined) throw new ByolError('ERR_BYOL_DATA', `There are no ${splitTitles[split]} to embed.`);
  const { count, targets } = images;
  const dimension = encoder.features;
  const features = new Float32Array(count * dimension);
  for await (const { data, start, end } of embedImages(encoder, images, { signal })) {
    features.set(data, start * dimension);
    onProgress?.({ phase: splitTitles[split], done: end, total: count });
  }
  const { classNames } = dataset;
  return { split, count, dimension, features, labels: classLabels(targets), classNames, weights: encoder.weights };
}
