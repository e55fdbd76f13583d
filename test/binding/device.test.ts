import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import type { LearnerSpec } from '../../lib/binding/native.js';
import { ByolError } from '../../lib/errors.js';
import { learnerSpec, makeImages, nativeOnOneThread, stepInput } from './small.js';

const native = nativeOnOneThread();
const refusal = (code: string) => (error: unknown) => error instanceof ByolError && error.code === code;

test('the CPU in the place of a device', async () => {
  const facts = await native.deviceFacts('cpu');
  assert.ok(facts.name.length > 0);
  assert.deepEqual([facts.capability, facts.driver, facts.runtime], ['', '', '']);
  assert.ok(facts.multiprocessors >= 1);
  // Not what Node reads: in some containers that is their own limit.
  const pages = (name: string): number => Number(execFileSync('getconf', [name], { encoding: 'utf8' }));
  assert.equal(facts.totalMemory, pages('_PHYS_PAGES') * pages('PAGESIZE'));
  assert.throws(() => native.deviceFacts('tpu'), refusal('ERR_BYOL_VALUE'));
});

test('the peak of memory is counted anew from each call on', { skip: process.platform !== 'linux' }, async () => {
  const before = await native.deviceMemory('cpu');
  assert.ok(before.free > 0 && before.free < before.total && before.peak > 0);
  const mebibyte = 1 << 20;
  {
    const bank = new native.FeatureBank(64 * mebibyte, 1, 'cpu');
    await bank.read(0, 1);
    bank.dispose();
  }
  const with256 = (await native.deviceMemory('cpu')).peak;
  assert.ok(with256 - before.peak > 200 * mebibyte, `${before.peak} -> ${with256}`);
  assert.ok((await native.deviceMemory('cpu')).peak < with256 - 200 * mebibyte);
});

test('rates are those of this machine', async () => {
  const rates = await native.deviceRates('cpu', 'float32');
  assert.ok(rates.matrix > 1e8 && rates.matrix < 1e15, String(rates.matrix));
  assert.ok(rates.copy > 1e8 && rates.copy < 1e13, String(rates.copy));
  assert.throws(() => native.deviceRates('cpu', 'float16' as 'float32'), refusal('ERR_BYOL_VALUE'));
});

// torchvision's own figures (its models' _ops), of which the classifier's are taken off, in multiply-adds.
const published = [
  { name: 'ResNet-18', block: 'basic', blocks: [2, 2, 2, 2], operations: 1.814e9 - 512 * 1000 },
  { name: 'ResNet-50', block: 'bottleneck', blocks: [3, 4, 6, 3], operations: 4.089e9 - 2048 * 1000 },
] as const;

const head = { hidden: [], output: 3, hiddenBias: true, outputBias: false, outputNorm: false };

for (const { name, block, blocks, operations } of published) {
  test(`${name} at 224 pixels has the operations that torchvision states`, () => {
    const encoder = { ...learnerSpec.encoder, block, blocks, width: 64, stem: 'imagenet' } as const;
    const spec: LearnerSpec = {
      ...learnerSpec,
      encoder: { ...encoder, padding: 'symmetric', shortcut: 'torchvision' },
      projector: head,
      predictor: null,
    };
    const features = block === 'basic' ? 512 : 2048;
    const { forward } = native.learnerFlops(spec, 224, 224);
    assert.ok(Math.abs(forward - 2 * (operations + 3 * features)) < 2 * 6e5, String(forward / 2));
  });
}

test('a step has so many passes of each network', () => {
  // One 3x3 convolution of 2 channels over 4 x 4 pixels in the stem, two more in a block, its shortcut of one pixel.
  const encoder = { ...learnerSpec.encoder, blocks: [1], width: 2, shortcut: 'official' } as const;
  const stem = 2 * 16 * 9 * 3 * 2;
  const encoderFlops = stem + 2 * (2 * 16 * 9 * 2 * 2) + 2 * 16 * 2 * 2;
  const projector = 2 * (2 * 5 + 5 * 3);
  const predictor = 2 * (3 * 7 + 7 * 3);
  const base: LearnerSpec = {
    ...learnerSpec,
    encoder,
    classes: 0,
    projector: { ...head, hidden: [5] },
    predictor: { kind: 'mlp', ...head, hidden: [7] },
  };
  const flops = (change: Partial<LearnerSpec>) => native.learnerFlops({ ...base, ...change }, 4, 4);
  const objective = (change: Partial<LearnerSpec['objective']>) => ({ objective: { ...base.objective, ...change } });
  const shared = encoderFlops + projector;
  const backward = 2 * shared - stem;

  assert.deepEqual(flops({}), {
    forward: shared + predictor,
    target: shared,
    step: 2 * (shared + predictor) + 2 * shared + 2 * backward + 2 * 2 * predictor,
  });
  assert.equal(
    flops(objective({ symmetric: false })).step,
    shared + predictor + shared + backward + 2 * predictor,
    'one direction',
  );
  const simsiam = flops(objective({ target: 'stop-gradient' }));
  assert.equal(simsiam.target, 0);
  assert.equal(simsiam.step, 2 * (shared + predictor) + 2 * backward + 2 * 2 * predictor);
  assert.equal(flops({ classes: 3 }).step - flops({}).step, 2 * (2 * 2 * 3), 'a classifier learns from view 1 alone');
  const labelsAlone = {
    ...objective({ symmetric: false }),
    predictor: null,
    supervision: { labelSmoothing: 0, target: false, many: false },
  };
  assert.deepEqual(flops(labelsAlone), { forward: shared, target: 0, step: shared + backward });
});

test('how steps are computed on the CPU', async () => {
  const learner = new native.Learner(learnerSpec);
  await learner.step(stepInput(makeImages(native, 4), 4));
  const { graph, reason, images } = await learner.execution();
  assert.deepEqual([graph, images], ['unavailable', 'host']);
  assert.ok(reason.length > 0);
});
