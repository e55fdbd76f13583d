/**
 * Evaluates an encoder on other images than those it learnt from: by kNN, and by a protocol of one's own.
 *
 *     node examples/own-protocol.ts ENCODER [DATA]        Node 24 or newer; before that: npx tsx examples/own-protocol.ts ...
 *
 * ENCODER: the folder of a run, or a file of weights. DATA: a folder with CIFAR-10 or a raw store; without it, generated images.
 */
import { defineProtocol, Encoder, evaluateEncoder, inferData, readData, registerProtocol } from 'byol-torch';
import { z } from 'zod';

/** How much more alike images of one class are than images of different classes: mean cosines, of random pairs. */
const separation = defineProtocol({
  name: 'separation',
  title: 'Cosine of images of one class, and of different classes',
  needs: 'class',
  settings: z.strictObject({ pairs: z.int().positive() }),
  defaults: { pairs: 10_000 },
  metrics: { gap: 'separation/gap' },
  async run({ data, features }, { pairs }) {
    const { bank, indices } = await features.of('test');
    const rows = await bank.read(0, bank.size);
    const { targets } = data.test;
    const label = (row: number) => (targets?.kind === 'class' ? targets.labels[indices[row] ?? 0] : undefined);
    const vector = (row: number) => rows.subarray(row * bank.dimension, (row + 1) * bank.dimension);
    const sums: Record<'within' | 'between', [sum: number, count: number]> = { within: [0, 0], between: [0, 0] };
    for (let pair = 0; pair < pairs; pair += 1) {
      const [a, b] = [Math.floor(Math.random() * bank.size), Math.floor(Math.random() * bank.size)];
      if (a === b) continue;
      const sum = label(a) === label(b) ? sums.within : sums.between;
      sum[0] += cosine(vector(a), vector(b));
      sum[1] += 1;
    }
    const [within, between] = [sums.within[0] / sums.within[1], sums.between[0] / sums.between[1]];
    return { protocol: 'separation', within, between, gap: within - between };
  },
  describe: ({ within, between }) => `within classes ${within.toFixed(3)}, between them ${between.toFixed(3)}`,
});

// Known by its name from here on: to evaluateEncoder() and evaluateRun(), and to the compiler by this declaration.
registerProtocol(separation);
declare module 'byol-torch' {
  interface OwnProtocols {
    separation: typeof separation;
  }
}

const [path = 'runs/example', folder] = process.argv.slice(2);
const config =
  folder === undefined
    ? ({ kind: 'shapes', trainImages: 1_000, testImages: 500, size: 32, seed: 1 } as const)
    : (await inferData(folder)).config;
const { train, test } = await readData(config);
if (test === undefined) throw new Error('There are no test images.');

await using encoder = await Encoder.load(path);
const knn = await evaluateEncoder(encoder, { protocol: 'knn', train, test, settings: { k: 50 } });
console.log(`kNN: ${(100 * knn.result.top1).toFixed(1)} %`);
const { result, metrics } = await evaluateEncoder(encoder, { protocol: 'separation', train, test });
console.log(separation.describe(result), metrics);

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
