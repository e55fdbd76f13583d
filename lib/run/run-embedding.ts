import { classLabels } from '../data/dataset.js';
import type { Embeddings } from '../export/embeddings.js';
import { checkOptions, oneOf } from '../text/options.js';
import { type RunEncoderOptions, runEncoderChecks, withRunEncoder } from './run-evaluation.js';

export interface EmbedRunOptions extends RunEncoderOptions {
  /** 'test' if left out. */
  readonly split?: 'train' | 'test';
}

/**
 * Embeds every image of a split, labelled or not, as kNN sees them: the plain image, its centre if it is larger than the views,
 * with frozen weights and running statistics. Another data set of the same sort: patch: { data: { path } }. All in memory:
 * 4 * count * dimension bytes. Throws as evaluateRun, but needs no labels.
 */
export async function embedRun(options: EmbedRunOptions): Promise<Embeddings> {
  checkOptions('embedRun()', options, { ...runEncoderChecks, split: oneOf(['train', 'test']) });
  const { split = 'test' } = options;
  return withRunEncoder(options, async ({ input, classNames, weights }) => {
    const { targets, store } = input.data[split];
    const bank = await input.features.all(split);
    const features = await bank.read(0, bank.size);
    const labels = classLabels(targets);
    return { split, count: store.size, dimension: bank.dimension, features, labels, classNames, weights };
  });
}
