import { z } from 'zod';
import { defineProtocol, registerProtocol } from '../../../lib/index.js';

/** A protocol in one file, as anybody may write it: classes are told by the nearest mean of their training features. */

declare module '../../../lib/index.js' {
  interface OwnProtocols {
    'nearest-mean': typeof nearestMean;
  }
}

interface NearestMean {
  readonly protocol: 'nearest-mean';
  readonly top1: number;
  readonly distance: 'euclidean' | 'manhattan';
}

export const nearestMean = defineProtocol({
  name: 'nearest-mean',
  title: 'The nearest mean of each class',
  needs: 'class',
  settings: z.strictObject({ distance: z.enum(['euclidean', 'manhattan']) }),
  defaults: { distance: 'euclidean' },
  metrics: { top1: 'nearest-mean/top1' },
  async run({ features, data }, { distance }): Promise<NearestMean> {
    const read = async (split: 'train' | 'test') => {
      const { bank, indices } = await features.of(split);
      const values = await bank.read(0, bank.size);
      const { targets } = data[split];
      return [...indices].map((image, row) => ({
        label: targets?.kind === 'class' ? (targets.labels[image] as number) : -1,
        values: values.subarray(row * bank.dimension, (row + 1) * bank.dimension),
      }));
    };
    const train = await read('train');
    const means = Array.from({ length: data.classes }, (_, label) => {
      const own = train.filter((row) => row.label === label);
      return Array.from(
        train[0]?.values ?? [],
        (_, d) => own.reduce((sum, { values }) => sum + (values[d] ?? 0), 0) / own.length,
      );
    });
    const power = distance === 'euclidean' ? 2 : 1;
    const test = await read('test');
    const right = test.filter(({ label, values }) => {
      const far = means.map((mean) => mean.reduce((sum, m, d) => sum + Math.abs(m - (values[d] ?? 0)) ** power, 0));
      return far.indexOf(Math.min(...far)) === label;
    });
    return { protocol: 'nearest-mean', top1: right.length / test.length, distance };
  },
  describe: ({ top1, distance }) => `nearest ${distance} mean: ${(100 * top1).toFixed(1)} %`,
});

registerProtocol(nearestMean);
