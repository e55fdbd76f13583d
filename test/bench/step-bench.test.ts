import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { pythonSide } from '../../lib/bench/python.js';
import { benchStep } from '../../lib/bench/step-bench.js';
import { CLASSES, imageSide, stepSpec, whyNoPython } from '../../lib/bench/step-spec.js';
import { loadNative } from '../../lib/binding/load.js';
import { presetNames, presets } from '../../lib/config/presets/index.js';
import { learnerSpec } from '../../lib/methods/learner-spec.js';
import { resolveConfig } from '../../lib/methods/resolve.js';
import { root } from '../support/paths.js';
import { findPython, runPython } from '../support/python.js';
import { tinyConfig } from '../support/tiny.js';

const place = { device: 'cpu', precision: 'float32', threads: 1 } as const;
const python = findPython('torch');

test('every preset has its step in Python; of a method that differs it is said what does', () => {
  for (const name of presetNames) assert.equal(whyNoPython(presets[name]), null, name);
  const reasons = ['simclr', 'moco-v2', 'supervised'].map((method) =>
    whyNoPython(resolveConfig({ preset: 'cifar10', patch: { method } })),
  );
  assert.deepEqual(
    reasons.map((reason) => typeof reason),
    ['string', 'string', 'string'],
  );
});

test('what Python is told of the views is what the settings say', () => {
  const { augment } = stepSpec(presets['imagenet-100'], { ...place, device: 'cuda:0' }, 'eager');
  assert.equal(augment?.side, 256);
  assert.deepEqual(augment?.shape['blur_radius'], 11);
  const jitter = { probability: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.2, hue: 0.1 };
  const blur = (probability: number) => ({ probability, sigma: [0.1, 2] });
  assert.deepEqual(augment?.views, [
    { flip: 0.5, jitter, grayscale: 0.2, blur: blur(1), solarize: 0 },
    { flip: 0.5, jitter, grayscale: 0.2, blur: blur(0.1), solarize: 0.2 },
  ]);
  assert.equal(stepSpec(presets.cifar10, place, 'eager').augment, null);
  assert.deepEqual([imageSide(32), imageSide(96), imageSide(224)], [32, 110, 256]);
});

test('the step of a training is measured, without Python too', async () => {
  const config = tinyConfig();
  const told: string[] = [];
  const bench = await benchStep({
    ...place,
    config,
    steps: 8,
    modes: [],
    onProgress: (side, done, total) => told.push(`${side} ${done}/${total}`),
  });
  assert.deepEqual([bench.batch, bench.size, bench.steps], [16, 16, 10]);
  const { step, network, imagesPerSecond, memory } = bench.ours;
  assert.ok(0 < network.min && network.min <= network.median && network.median <= network.p90);
  assert.ok(network.median < step.median);
  assert.equal(imagesPerSecond, 16 / step.median);
  assert.ok(memory > 1 << 20);
  const { parts, flop, rates, tflops, share, floor, overFloor, execution } = bench.ours;
  const inParts = parts.data + parts.augment + parts.forward + parts.backward + parts.update;
  assert.ok(inParts > 0.5 * step.median && inParts < 1.5 * step.median, `${inParts} of ${step.median}`);
  assert.equal(tflops, flop / step.median / 1e12);
  assert.equal(share, flop / step.median / rates.matrix);
  assert.equal(overFloor, step.median / floor.total);
  assert.equal(execution.images, 'host');
  assert.deepEqual(told, ['ours 2/10', 'ours 4/10', 'ours 6/10', 'ours 8/10', 'ours 10/10']);
  assert.ok('skipped' in bench.python);
});

test('what cannot be done ends with its reason', async () => {
  const config = tinyConfig();
  const uneven = { ...config, norm: { ...config.norm, encoder: 'group' as const, groups: 3 } };
  await assert.rejects(benchStep({ ...place, config: uneven, steps: 1, modes: [] }), {
    code: 'ERR_BYOL_BENCH',
    message: /The step cannot be measured: .*3 groups/,
  });
});

test('the operations of a step are those that PyTorch counts: ResNet-18 for small images, ResNet-50 at 224 pixels', {
  skip: typeof python === 'string' && python,
}, () => {
  if (typeof python === 'string') return;
  for (const name of ['cifar10', 'imagenet-100'] as const) {
    const preset = presets[name];
    // Python's ResNets project a shortcut where shapes differ.
    const config = { ...preset, encoder: { ...preset.encoder, shortcut: 'torchvision' as const } };
    const spec = JSON.stringify(stepSpec(config, place, 'eager'));
    const counted: number = Number(runPython(python, path.join(root, 'test', 'python', 'count_flops.py'), spec));
    const { size } = config.views;
    assert.equal(loadNative().learnerFlops(learnerSpec(config, place, CLASSES), size, size).step, counted, name);
  }
});

test('the Python step is of the same network, and stands beside ours', {
  skip: typeof python === 'string' && python,
}, async () => {
  if (typeof python === 'string') return;
  const config = tinyConfig();
  const side = pythonSide(python.command, stepSpec(config, place, 'eager'));
  const { parameters } = (await side.line()) as { parameters: number };
  side.close();
  using learner = new (loadNative().Learner)(learnerSpec(config, place, CLASSES));
  // Linear 16 -> 16 with bias, norm, Linear 16 -> 8; 8 -> 16 -> 8 the same way; the online classifier.
  const heads = 16 * 16 + 16 + 2 * 16 + 16 * 8 + (8 * 16 + 16 + 2 * 16 + 16 * 8) + 16 * CLASSES + CLASSES;
  assert.equal(parameters, learner.encoderParameters + heads);

  const before = process.env.BYOL_BENCH_PYTHON;
  process.env.BYOL_BENCH_PYTHON = python.command;
  try {
    const bench = await benchStep({ ...place, config, steps: 5, modes: ['eager'] });
    const eager = 'modes' in bench.python ? bench.python.modes.eager : undefined;
    assert.ok(eager !== undefined && !('failed' in eager), JSON.stringify(bench.python));
    assert.ok(eager.ratio > 0 && eager.ratioOfMinima > 0);
    assert.equal(eager.wholeRatio, null);
  } finally {
    if (before === undefined) delete process.env.BYOL_BENCH_PYTHON;
    else process.env.BYOL_BENCH_PYTHON = before;
  }
});
