import type { PresetRecord } from './records.js';

/** Written by `npm run record`. */
export const records: readonly PresetRecord[] = [
  {
    preset: 'shapes',
    key: '99f2b8b7b585d70df0bc2c32485aa092b6d8a90c47900b761e1c5c063152a8eb',
    runs: 1,
    untrainedKnnTop1: {
      mean: 0.3,
      min: 0.3,
      max: 0.3,
    },
    knnTop1: {
      mean: 0.547,
      min: 0.547,
      max: 0.547,
    },
    linearTop1: {
      mean: 0.6615,
      min: 0.6615,
      max: 0.6615,
    },
    file: 'bench/results/presets.json',
  },
  {
    preset: 'cifar10-small',
    key: '21495bd3a4b657635a48094e5e6ff2e49e8a86ccef317bec431e85792b7d482e',
    runs: 1,
    untrainedKnnTop1: {
      mean: 0.3077,
      min: 0.3077,
      max: 0.3077,
    },
    knnTop1: {
      mean: 0.4552,
      min: 0.4552,
      max: 0.4552,
    },
    linearTop1: {
      mean: 0.5307,
      min: 0.5307,
      max: 0.5307,
    },
    file: 'bench/results/presets.json',
  },
];
