import type { Accuracy } from '../binding/native.js';
import type { Config } from '../config/schema.js';
import { PlainFeatures } from './plain-features.js';
import type { Subject } from './subject.js';

export type KnnSettings = Pick<Config['evaluation']['knn'], 'k' | 'temperature' | 'bankImages' | 'queryImages'>;

/** Accuracies are fractions in [0, 1]. */
export interface KnnEvaluation extends Accuracy {
  readonly protocol: 'knn';
  /** Neighbours that voted: those asked for, or the whole bank where it is smaller. */
  readonly k: number;
  readonly kAsked: number;
  readonly temperature: number;
  /** Labelled training images that could be neighbours. */
  readonly bankImages: number;
  /** Labelled test images. */
  readonly queryImages: number;
}

/**
 * Weighted k-nearest-neighbour classification of the test images by the training images (Wu et al. 2018; byol-facts 8.6):
 * cosine similarity of frozen features, each neighbour votes for its class with weight exp(similarity / temperature).
 * Nothing is trained and nothing is chosen. `features`: shared with other protocols; its own if left out. Throws
 * ERR_BYOL_DATA without labels.
 */
export async function evaluateKnn(
  subject: Subject,
  settings: KnnSettings,
  features?: PlainFeatures,
): Promise<KnnEvaluation> {
  const { k: kAsked, temperature, bankImages, queryImages } = settings;
  const plain = features ?? new PlainFeatures(subject);
  try {
    const { bank } = await plain.of('train', bankImages);
    const { bank: queries } = await plain.of('test', queryImages);
    subject.signal?.throwIfAborted();
    const { top1, top5 } = await subject.native.knn(bank, queries, {
      classes: subject.classes,
      k: kAsked,
      temperature,
    });
    const k = Math.min(kAsked, bank.size);
    return { protocol: 'knn', top1, top5, k, kAsked, temperature, bankImages: bank.size, queryImages: queries.size };
  } finally {
    if (features === undefined) plain.dispose();
  }
}
