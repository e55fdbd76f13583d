import type { PresetRecord } from './records.js';

/** Written by `npm run record`. */
export const records: readonly PresetRecord[] = [
  {
    preset: 'shapes',
    key: '91599a91d3c90c919ec48e8684eaf587b10ac55fba88455deae2d3882a3c5bf2',
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
    key: 'bd5ac0cd8b6867191b79b75198784232b428e1dd8fedee00ef2ae3df3d4636da',
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
