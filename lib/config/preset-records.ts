import type { PresetRecord } from './records.js';

/** Written by `npm run record`. */
export const records: readonly PresetRecord[] = [
  {
    preset: 'shapes',
    key: '2e4188f09376d3a80b3f10c8ec14ac46ef3453eb110cad53e658d7de1cef9f63',
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
    key: '534cd8b5e4876cc8951a18be525ff584a73b99801d0d0c1737cb519f609501a8',
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
