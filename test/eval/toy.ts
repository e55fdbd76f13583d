import { loadNative } from '../../lib/binding/load.js';
import type { LearnerSpec, NativeLearner } from '../../lib/binding/native.js';
import { type Images, storedImages, type TakenImages } from '../../lib/data/images.js';
import { CenterCropFeatures } from '../../lib/eval/center-crop-features.js';
import type { ProtocolInput } from '../../lib/eval/protocol.js';
import { plainStep, squareView, torchvisionLearner } from '../support/byol-spec.js';
import { identityPlan } from '../support/plans.js';
import { equallySized } from '../support/stores.js';

const SIZE = 12;
const CLASSES = 6;

export const toySpec: LearnerSpec = {
  ...torchvisionLearner,
  encoder: { ...torchvisionLearner.encoder, width: 8 },
};

/** Uniform bytes by a linear congruence: the same on every machine. */
export function randomBytes(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 24;
  };
}

/** A colour for each class (the corners of the RGB cube that are not grey), under noise of +-`noise`; every 7th is unlabelled. */
function toyImages(count: number, seed: number, noise: number): Images {
  const random = randomBytes(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => (i % 7 === 6 ? -1 : random() % CLASSES));
  const pixels = new Uint8Array(count * SIZE * SIZE * 3);
  for (let at = 0; at < pixels.length; at += 1) {
    const image = Math.floor(at / (SIZE * SIZE * 3));
    const colour = ((labels[image] as number) + 1) & (1 << (at % 3)) ? 180 : 76;
    pixels[at] = colour + ((random() / 255) * 2 - 1) * noise;
  }
  const store = equallySized(loadNative(), pixels, count, SIZE, SIZE, labels);
  return storedImages(store, { heights: SIZE, widths: SIZE, targets: { kind: 'class', labels } });
}

export interface Toy extends ProtocolInput {
  readonly learner: NativeLearner;
  dispose(): void;
}

/** A tiny encoder after two steps, and images whose colours tell their classes. */
export async function makeToy(options: {
  readonly noise: number;
  readonly train: number;
  readonly test: number;
}): Promise<Toy> {
  const native = loadNative();
  // Thousands of tiny steps: several threads would only wait for each other.
  native.setThreads(1);
  const train = toyImages(options.train, 1, options.noise);
  const test = toyImages(options.test, 2, options.noise);
  const learner = new native.Learner(toySpec);
  const rows = Math.min(32, options.train);
  const indices = Int32Array.from({ length: rows }, (_, i) => i);
  const view = squareView(SIZE);
  const plan = identityPlan(rows, SIZE, SIZE);
  const { store } = (await train.take({ indices, boxes: [], shrinkTo: null })) as TakenImages;
  for (let step = 0; step < 2; step += 1) {
    await learner.step({
      images: store,
      indices,
      microBatches: 1,
      views: [
        { plan, spec: view },
        { plan, spec: view },
      ],
      learningRate: 0.01,
      tau: 0.99,
      ...plainStep,
    });
  }
  const context = { native, device: 'cpu', seed: 0 };
  const encoder = { network: learner, view, statistics: 'running', batchSize: 32 } as const;
  const data = { train, test, classes: CLASSES };
  const features = new CenterCropFeatures(context, encoder, data);
  return {
    context,
    encoder,
    data,
    features,
    learner,
    dispose() {
      features.dispose();
      learner.dispose();
      train.dispose();
      test.dispose();
    },
  };
}
