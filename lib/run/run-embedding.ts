import { classLabels, type SplitName, splitNames, splitTitles } from '../data/dataset.js';
import { indicesWhere } from '../data/indices.js';
import { centerRows, embedAll } from '../eval/embed.js';
import type { Embeddings } from '../export/embeddings.js';
import { checkOptions, oneOf } from '../text/options.js';
import { type RunEncoderOptions, runEncoderChecks, withRunEncoder } from './with-run-encoder.js';

/** Of which run, and which of its images. */
export interface EmbedRunOptions extends RunEncoderOptions {
  /** 'test' if left out. */
  readonly split?: SplitName;
}

/**
 * Embeds every image of a split, labelled or not, as kNN sees them: the plain image, its centre if it is larger than the views,
 * with frozen weights and running statistics. Another data set of the same sort: patch: { data: { path } }. All in memory:
 * 4 * count * dimension bytes. Throws as evaluateRun, but needs no labels.
 */
export async function embedRun(options: EmbedRunOptions): Promise<Embeddings> {
  checkOptions('embedRun()', options, { ...runEncoderChecks, split: oneOf(splitNames) });
  const { split = 'test' } = options;
  return withRunEncoder(options, async ({ context, encoder, dataset, open, weights }) => {
    const images = open(split);
    const { classNames } = dataset;
    const labels = classLabels(images.targets);
    const bank = await embedAll(context, encoder, {
      images,
      indices: await indicesWhere(images.count, () => true),
      plan: centerRows(images, encoder.view),
      onProgress: (done, total) => options.onProgress?.({ phase: splitTitles[split], done, total }),
    });
    try {
      const features = await bank.read(0, bank.size);
      return { split, count: bank.size, dimension: bank.dimension, features, labels, classNames, weights };
    } finally {
      bank.dispose();
    }
  });
}
