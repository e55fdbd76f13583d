import { z } from 'zod';
import type { Accuracy } from '../../binding/native.js';
import type { DeepReadonly } from '../../deep-readonly.js';
import { count, percent, table } from '../../text/format.js';
import { accuracyOver } from '../feature-blocks.js';
import { defineProtocol, type ProtocolInput } from '../protocol.js';

const settings = z.strictObject({
  k: z.int().positive(),
  temperature: z.number().positive(),
  /** Every so many epochs, and always after the last; 0: only after the last. */
  everyEpochs: z.int().nonnegative(),
  /** Training images in the bank and test images asked during the run, to save time; 0: all. The last epoch uses all. */
  bankImages: z.int().nonnegative(),
  queryImages: z.int().nonnegative(),
});

export type KnnSettings = DeepReadonly<z.infer<typeof settings>>;

/** As everyone reports it on small images (byol-facts 8.6), all images every epoch. */
export const standardKnn: KnnSettings = { k: 200, temperature: 0.1, everyEpochs: 1, bankImages: 0, queryImages: 0 };

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
  { k: kAsked, temperature, bankImages, queryImages }: Omit<KnnSettings, 'everyEpochs'>,
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

export const knn = defineProtocol({
  name: 'knn',
  title: 'Weighted k nearest neighbours on frozen features; nothing is trained',
  needs: 'class',
  settings,
  defaults: standardKnn,
  metrics: { top1: 'knn/top1', top5: 'knn/top5' },
  run: evaluateKnn,
  describe: ({ k, kAsked, temperature, bankImages, queryImages, top1, top5 }: KnnEvaluation) => {
    const fewer = k < kAsked ? ` (${count(kAsked)} asked)` : '';
    const rows = [
      ['test images', count(queryImages)],
      ['top-1', percent(top1)],
      ['top-5', percent(top5)],
    ];
    return `kNN: k ${k}${fewer}, temperature ${temperature}, bank of ${count(bankImages)} training images\n${table(rows, [1])}`;
  },
});
