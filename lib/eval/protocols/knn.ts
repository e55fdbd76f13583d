import type { Accuracy } from '../../binding/native.js';
import type { Config } from '../../config/schema.js';
import { accuracyOver } from '../feature-blocks.js';
import type { ProtocolInput } from '../protocol.js';

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
 * Nothing is trained and nothing is chosen. The training images' features are all kept; the test images need not be. Throws
 * ERR_BYOL_DATA without labels.
 */
export async function evaluateKnn(
  { context, data, features }: ProtocolInput,
  { k: kAsked, temperature, bankImages, queryImages }: KnnSettings,
): Promise<KnnEvaluation> {
  const { native, signal } = context;
  const { bank } = await features.of('train', bankImages);
  const { accuracies, rows } = await accuracyOver(features.blocks('test', queryImages), async (queries) => {
    signal?.throwIfAborted();
    return [await native.knn(bank, queries, { classes: data.classes, k: kAsked, temperature })];
  });
  const { top1, top5 } = accuracies[0] as Accuracy;
  const k = Math.min(kAsked, bank.size);
  return { protocol: 'knn', top1, top5, k, kAsked, temperature, bankImages: bank.size, queryImages: rows };
}
