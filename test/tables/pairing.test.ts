import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import type { Config } from '../../lib/config/schema.js';
import { openLearning } from '../../lib/train/learning.js';
import { openResources } from '../../lib/train/resources.js';
import { stepInput } from '../../lib/train/step-input.js';
import { bits } from '../support/bits.js';
import { withTempDir } from '../support/paths.js';
import { tinyConfig } from '../support/tiny.js';

/** Rows of a table as they differ in practice: everything but the encoder's shape, the images and the views. */
const base = tinyConfig({ seed: 3 });
const rows: Readonly<Record<string, Config>> = {
  'no predictor': { ...base, predictor: null },
  'wider predictor': { ...base, predictor: { ...base.predictor, hidden: [24] } as Config['predictor'] },
  'deeper projector': { ...base, projector: { ...base.projector, hidden: [16, 16] } },
  'constant target': { ...base, target: { ...base.target, tauBase: 1, schedule: 'constant' } },
  'other rates': { ...base, optimizer: { ...base.optimizer, baseLearningRate: 1, weightDecay: 0.1 } },
  'negatives, no predictor, gradient to the target': {
    ...base,
    predictor: null,
    target: { ...base.target, mode: 'gradient' },
    objective: { ...base.objective, negatives: { kind: 'batch', weight: 1, temperature: 0.1 } },
  },
};
/** Of two different epochs. */
const STEPS = [0, 1, 7];

/** The weights of the online encoder before the first step. */
async function encoderOf(config: Config): Promise<Map<string, string>> {
  return withTempDir(async (dir) => {
    const file = path.join(dir, 'state.safetensors');
    await using learning = await openLearning(config);
    await learning.save(file);
    return new Map([...bits(file)].filter(([name]) => name.startsWith('online.encoder.')));
  });
}

/** Which images the steps take, and how their views are drawn. */
async function inputsOf(config: Config): Promise<unknown[]> {
  const resources = await openResources(config);
  try {
    const inputs = [];
    for (const step of STEPS) {
      const { input, release } = await stepInput(resources, step);
      inputs.push([Array.from(input.indices), ...input.views.map(({ plan }) => Array.from(plan))]);
      release();
    }
    return inputs;
  } finally {
    resources.dispose();
  }
}

test('the same seed gives every row the same initial encoder', async () => {
  const encoder = await encoderOf(base);
  assert.ok(encoder.size > 10);
  for (const [row, config] of Object.entries(rows)) assert.deepEqual(await encoderOf(config), encoder, row);
  assert.notDeepEqual(await encoderOf({ ...base, seed: 4 }), encoder);
});

test('the same seed gives every row the same images in the same order, and the same views of them', async () => {
  const inputs = await inputsOf(base);
  for (const [row, config] of Object.entries(rows)) assert.deepEqual(await inputsOf(config), inputs, row);
  assert.notDeepEqual(await inputsOf({ ...base, seed: 4 }), inputs);
});
