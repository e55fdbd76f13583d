import { officialImagenet } from './imagenet.js';

export const imagenet1000 = officialImagenet({
  preset: 'imagenet-1000',
  epochs: 1000,
  baseLearningRate: 0.2,
  weightDecay: 1.5e-6,
  tauBase: 0.996,
});
