/** Written by `npm run record`. */
export const records = [
  {
    preset: 'shapes',
    configHash: 'adb382529190317772cf46389d02ffc334b0d603763434f4c4338f9565326f36',
    runs: 7,
    seeds: 5,
    precisions: ['bfloat16', 'float32'],
    untrainedKnnTop1: {
      mean: 0.3426,
      sd: 0.0317,
      min: 0.3045,
      max: 0.3845,
    },
    knnTop1: {
      mean: 0.7397,
      sd: 0.0368,
      min: 0.6745,
      max: 0.7945,
    },
    linearTop1: {
      mean: 0.8416,
      sd: 0.0233,
      min: 0.8045,
      max: 0.873,
    },
    file: 'bench/results/presets.json',
  },
  {
    preset: 'cifar10-small',
    configHash: '534cd8b5e4876cc8951a18be525ff584a73b99801d0d0c1737cb519f609501a8',
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
] as const;
