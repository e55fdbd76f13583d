import { officialImagenet } from './imagenet.js';

export const imagenet40 = officialImagenet({
  preset: 'imagenet-40',
  epochs: 40,
  baseLearningRate: 0.45,
  weightDecay: 1e-6,
  tauBase: 0.97,
});
