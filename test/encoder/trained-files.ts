/** Encoder files of networks that have learnt for two steps, and images for them. */
import { loadNative } from '../../lib/binding/load.js';
import type { EncoderSpec, NormSpec } from '../../lib/binding/native.js';
import { describingMetadata } from '../../lib/export/encoder.js';
import { plainStep, squareView, torchvisionLearner } from '../support/byol-spec.js';
import { identityPlan } from '../support/plans.js';
import { equallySized } from '../support/stores.js';

export const input = {
  size: 48,
  mean: [0.48, 0.45, 0.4],
  std: [0.23, 0.22, 0.225],
  resampling: 'bicubic',
  antialias: false,
  transform: 'official',
} as const;

/** Smooth images, different from each other. */
export function pictures(count: number, height: number, width: number): Uint8Array {
  return Uint8Array.from({ length: count * height * width * 3 }, (_, at) => {
    const [channel, pixel] = [at % 3, Math.floor(at / 3)];
    const [x, row] = [pixel % width, Math.floor(pixel / width)];
    const [y, image] = [row % height, Math.floor(row / height)];
    return Math.round(127.5 + 127 * Math.sin((image + 1) * (0.3 * x + 0.17 * (channel + 1) * y) + channel * image));
  });
}

/** encoder.safetensors after two steps, so that running statistics and weights are the network's own. */
export async function writeTrained(file: string, encoder: EncoderSpec, norm: NormSpec): Promise<void> {
  const native = loadNative();
  const { size } = input;
  const store = equallySized(native, pictures(6, size, size), 6, size, size);
  const learner = new native.Learner({ ...torchvisionLearner, encoder, norm });
  const spec = { ...squareView(size), mean: input.mean, std: input.std };
  const views = [false, true].map((flip) => ({ plan: identityPlan(6, size, size, { flip }), spec }));
  const indices = Int32Array.from({ length: 6 }, (_, i) => i);
  try {
    for (let step = 0; step < 2; step += 1) {
      await learner.step({
        images: store,
        indices,
        microBatches: 1,
        views,
        learningRate: 1e-7,
        tau: 0.99,
        ...plainStep,
      });
    }
    await learner.exportEncoder(file, describingMetadata({ encoder, norm }, input));
  } finally {
    learner.dispose();
    store.dispose();
  }
}
