import { z } from 'zod';
import type { Accuracy, NativeFeatureBank } from '../../binding/native.js';
import type { DeepReadonly } from '../../deep-readonly.js';
import { count, percent, table } from '../../text/format.js';
import { accuracyOver } from '../feature-blocks.js';
import { defineProtocol, type ProtocolInput } from '../protocol.js';

const settings = z.strictObject({
  /** Neighbours that vote: those asked for, or the whole bank where it is smaller. */
  k: z.int().positive(),
  /** Of weighted votes by cosine: the lower, the more the nearest ones count. */
  temperature: z.number().positive(),
  /** What is near: 'cosine' of the angle between features, or 'euclidean' distance. Of equally near images the first ones are. */
  similarity: z.enum(['cosine', 'euclidean']).default('cosine'),
  /**
   * 'weighted': by exp(cosine / temperature); by 1 / distance, and where neighbours are at no distance they alone vote. 'majority':
   * each neighbour has one vote. Of classes with equal votes the first one is taken.
   */
  vote: z.enum(['weighted', 'majority']).default('weighted'),
  /** Every so many epochs, and always after the last; 0: only after the last. */
  everyEpochs: z.int().nonnegative(),
  /** Training images in the bank during the run, to save time; 0: all. The last epoch uses all. */
  bankImages: z.int().nonnegative(),
  /** Test images asked during the run, likewise. */
  queryImages: z.int().nonnegative(),
});

export type KnnSettings = DeepReadonly<z.infer<typeof settings>>;

/** As everyone reports it on small images (byol-facts 8.6), all images every epoch. */
export const standardKnn: KnnSettings = {
  k: 200,
  temperature: 0.1,
  similarity: 'cosine',
  vote: 'weighted',
  everyEpochs: 1,
  bankImages: 0,
  queryImages: 0,
};

/** Accuracies are fractions in [0, 1]. */
export interface KnnEvaluation extends Accuracy {
  readonly protocol: 'knn';
  /** Neighbours that voted: those asked for, or the whole bank where it is smaller. */
  readonly k: number;
  readonly kAsked: number;
  readonly temperature: number;
  readonly similarity: KnnSettings['similarity'];
  readonly vote: KnnSettings['vote'];
  /** Labelled training images that could be neighbours. */
  readonly bankImages: number;
  /** Labelled test images. */
  readonly queryImages: number;
}

/**
 * k-nearest-neighbour classification of the test images by the training images. The usual form (Wu et al. 2018; byol-facts 8.6):
 * cosine similarity of frozen features, each neighbour votes for its class with weight exp(similarity / temperature); others
 * are by Euclidean distance and by majority, as scikit-learn defines both. Nothing is trained and nothing is chosen. Where the
 * training images' features are more than are kept, they pass by in blocks, once, and those of the test images are kept: with the
 * same results. Throws ERR_BYOL_DATA without labels.
 */
export async function evaluateKnn(
  { context, data, features }: ProtocolInput,
  { k: kAsked, temperature, similarity, vote, bankImages, queryImages }: Omit<KnnSettings, 'everyEpochs'>,
): Promise<KnnEvaluation> {
  const { native, signal } = context;
  const rule = { classes: data.classes, k: kAsked, temperature, similarity, vote };
  let neighbours = 0;
  const classify = async (queries: NativeFeatureBank): Promise<readonly Accuracy[]> => {
    const classifier = new native.KnnClassifier(queries, rule);
    try {
      neighbours = 0;
      for await (const bank of features.blocks('train', bankImages)) {
        signal?.throwIfAborted();
        await classifier.add(bank);
        neighbours += bank.size;
      }
      return [await classifier.accuracy()];
    } finally {
      classifier.dispose();
    }
  };
  // Blocks of both would have the training images embedded again for each block of test images.
  const kept = await features.areKept('train', bankImages);
  if (kept) await features.of('train', bankImages);
  const queries = kept ? features.blocks('test', queryImages) : [(await features.of('test', queryImages)).bank];
  const { accuracies, rows } = await accuracyOver(queries, classify);
  const { top1, top5 } = accuracies[0] as Accuracy;
  const k = Math.min(kAsked, neighbours);
  const asked = { k, kAsked, temperature, similarity, vote };
  return { protocol: 'knn', top1, top5, ...asked, bankImages: neighbours, queryImages: rows };
}

export const knn = defineProtocol({
  name: 'knn',
  title: 'k nearest neighbours on frozen features, weighted or by majority; nothing is trained',
  needs: 'class',
  settings,
  defaults: standardKnn,
  metrics: { top1: 'knn/top1', top5: 'knn/top5' },
  run: evaluateKnn,
  describe: ({ k, kAsked, temperature, similarity, vote, bankImages, queryImages, top1, top5 }: KnnEvaluation) => {
    const form =
      vote === 'majority'
        ? `${similarity}, majority`
        : similarity === 'cosine'
          ? `temperature ${temperature}`
          : 'euclidean, weighted by 1 / distance';
    const fewer = k < kAsked ? ` (${count(kAsked)} asked)` : '';
    const rows = [
      ['test images', count(queryImages)],
      ['top-1', percent(top1)],
      ['top-5', percent(top5)],
    ];
    return `kNN: k ${k}${fewer}, ${form}, bank of ${count(bankImages)} training images\n${table(rows, [1])}`;
  },
});
