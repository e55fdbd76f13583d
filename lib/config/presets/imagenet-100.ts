import { officialImagenet } from './imagenet.js';

export const imagenet100 = officialImagenet({
  preset: 'imagenet-100',
  epochs: 100,
  baseLearningRate: 0.45,
  weightDecay: 1e-6,
  tauBase: 0.99,
});
