import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presets } from '../../lib/config/presets/index.js';
import { ByolError } from '../../lib/errors.js';
import { type DeviceInfo, learnerSpec, resolveDevice, resolvePrecision } from '../../lib/methods/learner-spec.js';

const none: DeviceInfo = { cpuBfloat16: false, cudaBuilt: false, cudaDevices: 0, cudaProblem: '' };
const two: DeviceInfo = { cpuBfloat16: false, cudaBuilt: true, cudaDevices: 2, cudaProblem: '' };

const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof ByolError && error.code === 'ERR_BYOL_CUDA_UNAVAILABLE' && pattern.test(error.message);

test("only 'auto' may fall back to the CPU; a refusal says why", () => {
  assert.equal(resolveDevice('auto', none), 'cpu');
  assert.equal(resolveDevice('auto', two), 'cuda:0');
  assert.equal(resolveDevice('cpu', two), 'cpu');
  assert.equal(resolveDevice('cuda', two), 'cuda:0');
  assert.equal(resolveDevice('cuda:1', two), 'cuda:1');
  assert.throws(() => resolveDevice('cuda', none), refused(/no CUDA/));
  assert.throws(() => resolveDevice('cuda:2', two), refused(/cuda:0 to cuda:1/));
  const broken = { ...two, cudaProblem: 'the driver is too old.' };
  assert.throws(() => resolveDevice('cuda', broken), refused(/the driver is too old\. Use/));
  assert.equal(resolveDevice('auto', broken), 'cpu');
});

test("'auto' is bfloat16 where the device gains from it; what was asked for stays", () => {
  assert.equal(resolvePrecision('auto', 'cpu', { cpuBfloat16: false }), 'float32');
  assert.equal(resolvePrecision('auto', 'cpu', { cpuBfloat16: true }), 'bfloat16');
  assert.equal(resolvePrecision('auto', 'cuda:0', { cpuBfloat16: false }), 'bfloat16');
  assert.equal(resolvePrecision('bfloat16', 'cpu', { cpuBfloat16: false }), 'bfloat16');
  assert.equal(resolvePrecision('float32', 'cuda:0', { cpuBfloat16: true }), 'float32');
});

test('the online classifier needs both the setting and labels; LARS leaves biases and normalisation out', () => {
  const config = presets['imagenet-1000'];
  const resolved = { device: 'cpu', precision: 'float32' } as const;
  const spec = learnerSpec({ ...config, onlineProbe: true }, resolved, 1000);
  assert.equal(spec.classes, 1000);
  assert.equal(learnerSpec({ ...config, onlineProbe: true }, resolved, 0).classes, 0);
  assert.equal(learnerSpec({ ...config, onlineProbe: false }, resolved, 1000).classes, 0);
  assert.deepEqual(
    { ...spec.optimizer },
    {
      kind: 'lars',
      momentum: 0.9,
      weightDecay: 1.5e-6,
      nesterov: false,
      trustCoefficient: 1e-3,
      decayNormAndBias: false,
    },
  );
});
