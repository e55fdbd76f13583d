import type { GraphTensor } from './graph.js';

/** Inside the root: native/core/model/weight_standardization.h. */
const EPSILON = 1e-4;

/**
 * Weight standardisation (arXiv 2010.10241; byol-facts 5.11): each output channel's weights less their mean, divided by
 * sqrt(variance + 1e-4), the variance biased. Sums are float64.
 */
export function standardized({ shape, data }: GraphTensor): Float32Array {
  const [channels = 0] = shape;
  const fan = data.length / channels;
  const result = new Float32Array(data.length);
  for (let channel = 0; channel < channels; channel += 1) {
    const weights = data.subarray(channel * fan, (channel + 1) * fan);
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / fan;
    const variance = weights.reduce((sum, weight) => sum + (weight - mean) ** 2, 0) / fan;
    const scale = 1 / Math.sqrt(variance + EPSILON);
    for (let i = 0; i < fan; i += 1) result[channel * fan + i] = ((weights[i] as number) - mean) * scale;
  }
  return result;
}
