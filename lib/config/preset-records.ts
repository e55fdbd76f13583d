import type { PresetRecord } from './records.js';

/** Written by `npm run record`. */
export const records: readonly PresetRecord[] = [
  {
    preset: 'shapes',
    key: '803907ab96fe145f5f357cb350c5e7595e138e65e604235a2db14c092c39c6d8',
    runs: 1,
    seeds: 1,
    precisions: ['bfloat16'],
    untrainedKnnTop1: {
      mean: 0.3,
      sd: 0,
      min: 0.3,
      max: 0.3,
    },
    knnTop1: {
      mean: 0.769,
      sd: 0,
      min: 0.769,
      max: 0.769,
    },
    linearTop1: {
      mean: 0.8745,
      sd: 0,
      min: 0.8745,
      max: 0.8745,
    },
    file: 'bench/results/presets.json',
  },
  {
    preset: 'cifar10-small',
    key: '534cd8b5e4876cc8951a18be525ff584a73b99801d0d0c1737cb519f609501a8',
    runs: 1,
    seeds: 1,
    precisions: ['bfloat16'],
    untrainedKnnTop1: {
      mean: 0.3077,
      sd: 0,
      min: 0.3077,
      max: 0.3077,
    },
    knnTop1: {
      mean: 0.4552,
      sd: 0,
      min: 0.4552,
      max: 0.4552,
    },
    linearTop1: {
      mean: 0.5307,
      sd: 0,
      min: 0.5307,
      max: 0.5307,
    },
    file: 'bench/results/presets.json',
  },
];
