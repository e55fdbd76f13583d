/**
 * Linear evaluation at ImageNet's size: rows of generated features in the place of an encoder's, streamed through the classifiers of
 * five learning rates, both of those that choose and of those that are tested. The time of an epoch beside that of its matrix products
 * alone, and the most memory that the process held.
 */

import { loadNative } from '../lib/binding/load.js';
import type { EmbedInput, NativeImageStore, NativeModule } from '../lib/binding/native.js';
import { type Images, storedImages } from '../lib/data/images.js';
import type { EvaluationContext } from '../lib/eval/context.js';
import type { FrozenEncoder } from '../lib/eval/frozen-encoder.js';
import { officialLinear } from '../lib/eval/linear-settings.js';
import { withProtocolInput } from '../lib/eval/protocol.js';
import { evaluateLinear } from '../lib/eval/protocols/linear.js';
import { availableCores } from '../lib/train/available-cores.js';
import { squareView } from '../test/support/byol-spec.js';

/** ImageNet's training images, and what a ResNet-50 makes of them. */
export const IMAGENET_ROWS = 1_281_167;
const FEATURES = 2048;
const CLASSES = 1000;
const TEST_ROWS = 50_000;
/** Steps' products that are timed, half of them before the epoch and half after. */
const PRODUCTS = 20;

export interface LinearStreamBench {
  readonly what: string;
  readonly rows: number;
  readonly threads: number;
  /** Of one epoch: embedding's place taken by copies of generated rows, and all steps. */
  readonly epochSeconds: number;
  readonly steps: number;
  /** Median of the two matrix products of a step, times the steps. */
  readonly productSeconds: number;
  readonly ratio: number;
  /** The most memory that the process held, code and all, in bytes. */
  readonly peakMemory: number;
  /** Of the test rows, after the epoch; chance would be 1 / classes. */
  readonly top1: number;
}

export async function benchLinearStream(rows = IMAGENET_ROWS): Promise<LinearStreamBench> {
  const native = loadNative();
  const threads = availableCores();
  native.setThreads(threads);
  const products = [...(await productTimes(native, PRODUCTS / 2))];
  const { epochs, batchSize, learningRates } = { ...officialLinear, epochs: 1 };
  const train = generatedImages(native, rows, 1);
  const test = generatedImages(native, Math.min(rows, TEST_ROWS), 2);
  let began = 0;
  let ended = 0;
  const context: EvaluationContext = {
    native,
    device: 'cpu',
    seed: 0,
    onProgress: ({ phase, done, total }) => {
      if (phase === 'classifier') ended = performance.now();
      else if (phase === 'training images' && done === total) console.log(`  ${done} rows`);
    },
  };
  const evaluation = await withProtocolInput(
    context,
    generatedEncoder(train, test),
    { train: train.images, test: test.images, classes: CLASSES },
    (input) => {
      began = performance.now();
      return evaluateLinear(input, { ...officialLinear, epochs });
    },
  );
  const peakMemory = process.resourceUsage().maxRSS * 1024;
  products.push(...(await productTimes(native, PRODUCTS / 2)));
  const steps = Math.floor(rows / batchSize) + Math.floor((rows - evaluation.heldOutImages) / batchSize);
  const productSeconds = steps * (products.sort((a, b) => a - b)[PRODUCTS / 2] as number);
  const epochSeconds = (ended - began) / 1000;
  train.images.dispose();
  test.images.dispose();
  return {
    what: `one epoch of ${FEATURES} features, ${CLASSES} classes, ${learningRates.length} learning rates, batches of ${batchSize}, float32`,
    rows,
    threads,
    epochSeconds,
    steps,
    productSeconds,
    ratio: epochSeconds / productSeconds,
    peakMemory,
    top1: evaluation.top1,
  };
}

async function productTimes(native: NativeModule, times: number): Promise<number[]> {
  const { learningRates, momentum, weightDecay, logitRegularizer, batchSize } = officialLinear;
  const probe = new native.LinearProbe({
    features: FEATURES,
    classes: CLASSES,
    learningRates,
    momentum,
    nesterov: true,
    weightDecay,
    logitRegularizer,
    seed: 0,
    device: 'cpu',
  });
  try {
    await probe.timeProducts(batchSize);
    const seconds: number[] = [];
    for (let i = 0; i < times; i += 1) seconds.push(await probe.timeProducts(batchSize));
    return seconds;
  } finally {
    probe.dispose();
  }
}

/** Rows that stand for images: a class each, and features that tell it. */
interface Generated {
  readonly images: Images;
  readonly store: NativeImageStore;
  readonly labels: Int32Array;
  readonly seed: number;
}

function generatedImages(native: NativeModule, rows: number, seed: number): Generated {
  const labels = Int32Array.from({ length: rows }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 8) % CLASSES);
  const store = new native.ImageStore(new Uint8Array(3), Int32Array.of(1), Int32Array.of(1), Int32Array.of(0));
  const one = storedImages(store, { heights: 1, widths: 1, targets: { kind: 'class', labels } });
  return { images: { ...one, count: rows }, store, labels, seed };
}

/** Writes the rows of a split, told by its store, where an encoder would write features. */
function generatedEncoder(train: Generated, test: Generated): FrozenEncoder {
  const noise = generatedNoise();
  const makeRows = ({ labels, seed }: Generated, indices: Int32Array): readonly [Float32Array, Int32Array] => {
    const features = new Float32Array(indices.length * FEATURES);
    for (const [row, index] of indices.entries()) {
      const from = (Math.imul(index + seed, 2246822519) >>> 4) % (noise.length - FEATURES);
      features.set(noise.subarray(from, from + FEATURES), row * FEATURES);
      const label = labels[index] as number;
      features[row * FEATURES + label] = (features[row * FEATURES + label] as number) + 4;
    }
    return [features, indices.map((index) => labels[index] as number)];
  };
  const network: FrozenEncoder['network'] = {
    features: FEATURES,
    embed: async ({ images, indices, bank, offset }: EmbedInput) => {
      const [features, labels] = makeRows(images === test.store ? test : train, indices);
      await bank.write(offset, features, labels);
    },
  };
  return { network, view: squareView(1), statistics: 'running', batchSize: 256 };
}

/** Normal numbers, of which rows take overlapping parts: to draw billions would be most of the time. */
function generatedNoise(): Float32Array {
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from(
    { length: 1 << 22 },
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}
