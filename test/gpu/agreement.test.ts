/** A step on a device is the step on the CPU, which is tested against independent code (test/fidelity). */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { withTempDir } from '../support/paths.js';
import { device, differences, doSteps, openOn, skip, smallConfig } from './device.js';

interface Case {
  readonly method?: string;
  readonly overrides?: readonly string[];
}

const kinds = (kind: string): string[] => ['encoder', 'projector', 'predictor'].map((part) => `norm.${part}=${kind}`);

const cases: Readonly<Record<string, Case>> = {
  BYOL: {},
  SimCLR: { method: 'simclr' },
  'MoCo v2': { method: 'moco-v2', overrides: ['objective.negatives.size=256'] },
  'group normalisation and weight standardisation': {
    overrides: [...kinds('group'), 'norm.groups=4', 'norm.weightStandardization=true'],
  },
  'layer normalisation': { overrides: kinds('layer') },
  'the modified initialisation': { overrides: kinds('affine') },
  'ImageNet stem, bottlenecks, SAME padding, LARS, micro-batches': {
    overrides: [
      'encoder.block=bottleneck',
      'encoder.stem=imagenet',
      'encoder.padding=same',
      'views.size=64',
      'batchSize=16',
      'accumulate=2',
      'optimizer={kind: lars, baseLearningRate: 0.2, weightDecay: 1e-4, momentum: 0.9, trustCoefficient: 0.01, warmupEpochs: 0}',
    ],
  },
};

describe('one float32 step is that of the CPU within 1e-4', { skip }, () => {
  for (const [name, { method, overrides }] of Object.entries(cases)) {
    test(name, async () => {
      await withTempDir(async (dir) => {
        const at = (file: string): string => path.join(dir, file);
        const config = smallConfig(overrides, method);
        const [here, there] = [await openOn('cpu', config), await openOn(device, config)];
        try {
          // Each draws weights of its own.
          await here.learner.save(at('start'), {});
          await there.learner.load(at('start'));
          for (const resources of [here, there]) await doSteps(resources, 0, 1);
          await here.learner.save(at('here'), {});
          await there.learner.save(at('there'), {});
          const losses = [(await here.learner.readMetrics()).loss, (await there.learner.readMetrics()).loss];
          assert.ok(Math.abs((losses[1] as number) / (losses[0] as number) - 1) < 1e-4, losses.join());
          const moved = differences(at('start'), at('here'));
          assert.ok(
            Object.values(moved).some((difference) => difference > 1e-3),
            'the step changes something',
          );
          for (const [part, difference] of Object.entries(differences(at('here'), at('there')))) {
            assert.ok(difference < 1e-4, `${part}: ${difference}`);
          }
        } finally {
          here.dispose();
          there.dispose();
        }
      });
    });
  }
});
