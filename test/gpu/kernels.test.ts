/**
 * Steps that launch every kernel, small enough for compute-sanitizer to look at each access (bench/gpu.sh, part sanitizer): views that a
 * block's memory holds and larger ones, odd batches, all norms, both optimisers, both precisions.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { device, doSteps, openOn, skip, smallConfig } from './device.js';

const kinds = (kind: string): string[] => ['encoder', 'projector', 'predictor'].map((part) => `norm.${part}=${kind}`);
const lars =
  'optimizer={kind: lars, baseLearningRate: 0.2, weightDecay: 1e-4, momentum: 0.9, trustCoefficient: 0.01, warmupEpochs: 0}';

const cases: Readonly<Record<string, readonly string[]>> = {
  'batch norm, SGD, views of 32 pixels': [],
  'batch norm, LARS, views of 96 pixels, odd batch': [lars, 'views.size=96', 'batchSize=7'],
  'torchvision jitter, reflected blur, bilinear': [
    'views.jitter=torchvision',
    'views.blurBorder=reflect',
    'views.resampling=bilinear',
  ],
  'antialiased, views of 20 pixels': ['views.antialias=true', 'views.size=20'],
  'group norm': [...kinds('group'), 'norm.groups=8', 'norm.weightStandardization=true'],
  'layer norm': kinds('layer'),
  'affine layers': kinds('affine'),
  'joint statistics': ['objective.statistics=joint'],
};

describe('every kernel runs', { skip }, () => {
  for (const [name, overrides] of Object.entries(cases)) {
    for (const precision of ['float32', 'bfloat16']) {
      test(`${name}, ${precision}`, async () => {
        const small = ['encoder.blocks=[1,1]', 'encoder.width=8', 'batchSize=8', `precision=${precision}`];
        const resources = await openOn(device, smallConfig([...small, ...overrides]));
        // Past the first graph.
        await doSteps(resources, 0, 5);
        const { steps, loss, firstBadStep } = await resources.learner.readMetrics();
        assert.equal(steps, 5);
        assert.ok(Number.isFinite(loss) && loss > 0, String(loss));
        assert.equal(firstBadStep, -1);
        resources.dispose();
      });
    }
  }
});
