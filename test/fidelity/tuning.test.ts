/**
 * Steps of fine-tuning, as the protocol has them made, against float64 PyTorch: test/python/write_tuning_steps.py wrote what must
 * come out, so that this needs no Python.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { loadNative } from '../../lib/binding/load.js';
import type { EncoderSpec, NativeEncoderSpec } from '../../lib/binding/native.js';
import { officialNorm } from '../../lib/config/presets/shared.js';
import { tunedLearner } from '../../lib/eval/tuning/tuned-learner.js';
import { readSafetensors } from '../../lib/export/safetensors.js';
import { plainStep, squareView } from '../support/byol-spec.js';
import { root, withTempDir } from '../support/paths.js';
import { identityPlan } from '../support/plans.js';
import { type RawTensor, readRaw, writeRaw } from '../support/safetensors.js';
import { equallySized } from '../support/stores.js';

interface Case {
  readonly name: string;
  readonly file: string;
  readonly many: boolean;
  readonly size: number;
  readonly rows: number;
  readonly classes: number;
  readonly decay: number;
  readonly encoder: Pick<EncoderSpec, 'block' | 'blocks' | 'stem'>;
}

const cases: Case[] = [
  {
    name: 'one class per image, bottlenecks',
    file: 'tuning-class',
    many: false,
    size: 20,
    rows: 7,
    classes: 5,
    decay: 0.9,
    encoder: { block: 'bottleneck', blocks: [1, 1], stem: 'imagenet' },
  },
  {
    name: 'any number of labels, basic blocks',
    file: 'tuning-many',
    many: true,
    size: 10,
    rows: 6,
    classes: 4,
    decay: 0.95,
    encoder: { block: 'basic', blocks: [1, 2], stem: 'small' },
  },
];
const learningRates = [0.05, 0.025];
const headRate = 10;

/** Largest difference, relative to the largest value. */
function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.equal(actual.length, expected.length);
  let [difference, largest] = [0, 1e-3];
  for (let i = 0; i < expected.length; i += 1) {
    largest = Math.max(largest, Math.abs(expected[i] as number));
    difference = Math.max(difference, Math.abs((expected[i] as number) - (actual[i] as number)));
  }
  return difference / largest;
}

for (const { name, file, many, size, rows, classes, decay, encoder: shape } of cases) {
  test(`two steps in float64 PyTorch: ${name}`, () =>
    withTempDir(async (dir) => {
      const native = loadNative();
      const fixture = path.join(root, 'test/fidelity/fixtures', `${file}.safetensors`);
      const { tensors } = readSafetensors(fixture);
      const values = (tensor: string) => {
        const found = tensors.get(tensor);
        assert.ok(found, tensor);
        return found.data;
      };
      const temporary = (of: string): string => path.join(dir, `${of}.safetensors`);
      const before = [...readRaw(fixture)].filter(([tensor]) => tensor.startsWith('before.'));
      const start = before.map(([tensor, raw]) => [tensor.slice('before.'.length), raw] as const);
      writeRaw(temporary('start'), start);

      const spec: NativeEncoderSpec = {
        encoder: {
          ...shape,
          width: 4,
          padding: 'symmetric',
          initialization: 'official',
          shortcut: 'torchvision',
          zeroInitLastNorm: false,
        },
        norm: { ...officialNorm, decay: 0.9 },
        precision: 'float32',
        device: 'cpu',
        seed: 3,
      };
      const network = new native.Encoder(spec);
      await network.loadWeights(temporary('start'));
      const view = { ...squareView(size), mean: [0.5, 0.4, 0.3], std: [0.25, 0.3, 0.2] } as const;
      const learner = await tunedLearner(
        { native, device: 'cpu', seed: 4 },
        { network, view, statistics: 'running', batchSize: 8, spec },
        { classes, many, initialization: 'encoder', momentum: 0.9, weightDecay: 0.02, normDecay: decay },
      );
      await learner.save(temporary('drawn'), {});
      const head = new Map<string, RawTensor>(start);
      writeRaw(
        temporary('headed'),
        [...readRaw(temporary('drawn'))].map(([tensor, raw]) => {
          const part = /^online\.projector\.linear0\.(weight|bias)$/.exec(tensor)?.[1];
          if (part === 'bias') assert.ok(raw.bytes.every((byte) => byte === 0));
          return [tensor, head.get(`fc.${part}`) ?? raw] as const;
        }),
      );
      await learner.load(temporary('headed'));

      const labels = Int32Array.from(values('labels'));
      const images = equallySized(native, Uint8Array.from(values('pixels')), 2 * rows, size, size);
      const plan = { plan: identityPlan(rows, size, size), spec: view };
      let compared = 0;
      const compare = (tensor: string, actual: ArrayLike<number> | undefined, bound: number): void => {
        assert.ok(actual, tensor);
        const error = relativeError(actual, values(tensor));
        assert.ok(error < bound, `${tensor}: relative error ${error}`);
        compared += 1;
      };
      for (const [step, learningRate] of learningRates.entries()) {
        const columns = many ? classes : 1;
        await learner.step({
          ...plainStep,
          images,
          indices: Int32Array.from({ length: rows }, (_, i) => step * rows + i),
          microBatches: 1,
          views: [plan, plan],
          learningRate,
          tau: 0,
          projectorRate: headRate,
          supervisedLabels: labels.subarray(step * rows * columns, (step + 1) * rows * columns),
        });
        const { supervisedLoss } = await learner.readMetrics();
        assert.ok(Math.abs(supervisedLoss - (values('losses')[step] as number)) < 1e-5, `loss of step ${step + 1}`);
        await learner.save(temporary('state'), {});
        await learner.exportEncoder(temporary('encoder'), {});
        const state = readSafetensors(temporary('state')).tensors;
        const encoder = readSafetensors(temporary('encoder')).tensors;
        for (const [tensor] of start) {
          const own = tensor.startsWith('fc.') ? tensor.replace('fc', 'projector.linear0') : `encoder.${tensor}`;
          const prefix = `step${step + 1}.`;
          if (tensor.includes('running_')) {
            compare(`${prefix}${tensor}`, encoder.get(tensor)?.data, 1e-5);
            continue;
          }
          compare(`${prefix}${tensor}`, state.get(`online.${own}`)?.data, 1e-5);
          // Of the first step: the gradient, with the decay.
          compare(`${prefix}momentum.${tensor}`, state.get(`momentum.${own}`)?.data, 1e-4);
        }
      }
      assert.equal(compared, [...tensors.keys()].filter((tensor) => tensor.startsWith('step')).length);
      for (const resource of [learner, network, images]) resource.dispose();
    }));
}
