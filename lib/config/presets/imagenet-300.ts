import { officialImagenet } from './imagenet.js';

export const imagenet300 = officialImagenet({
  preset: 'imagenet-300',
  epochs: 300,
  baseLearningRate: 0.3,
  weightDecay: 1e-6,
  tauBase: 0.99,
});
