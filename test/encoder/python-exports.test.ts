/** Files for torchvision and timm, loaded strictly by the Python that is told with them, against our own features. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { loadNative } from '../../lib/binding/load.js';
import type { EncoderSpec, NormSpec } from '../../lib/binding/native.js';
import { officialNorm } from '../../lib/config/presets/shared.js';
import { Encoder } from '../../lib/encoder/encoder.js';
import { exportEncoder } from '../../lib/encoder/export-encoder.js';
import { root, withTempDir } from '../support/paths.js';
import { findPython, runPython } from '../support/python.js';
import { input, pictures, writeTrained } from './trained-files.js';

const resnet18: EncoderSpec = {
  block: 'basic',
  blocks: [2, 2, 2, 2],
  width: 64,
  stem: 'imagenet',
  padding: 'symmetric',
  initialization: 'torchvision',
  shortcut: 'torchvision',
  zeroInitLastNorm: false,
};
const resnet50: EncoderSpec = { ...resnet18, block: 'bottleneck', blocks: [3, 4, 6, 3] };

const cases: ReadonlyArray<readonly [format: 'torchvision' | 'timm', title: string, EncoderSpec, Partial<NormSpec>]> = [
  ['torchvision', 'ResNet-18', resnet18, {}],
  ['torchvision', 'ResNet-50', resnet50, {}],
  ['torchvision', 'a small stem', { ...resnet18, stem: 'small' }, {}],
  ['torchvision', "solo-learn's small stem", { ...resnet18, stem: 'small-padded' }, {}],
  ['torchvision', 'blocks that no network of its own has', { ...resnet50, blocks: [1, 2, 1, 1] }, {}],
  ['torchvision', 'group norm', { ...resnet18, blocks: [1, 1, 1, 1] }, { encoder: 'group', epsilon: 1e-3 }],
  ['torchvision', 'layer norm', resnet18, { encoder: 'layer' }],
  ['timm', 'ResNet-18', resnet18, {}],
  ['timm', 'ResNet-50', resnet50, {}],
];

const COUNT = 4;
const python = findPython('torch', 'safetensors');
// Of a torchvision that was built for another torch the networks work all the same; one that is not there is said.
const found =
  typeof python === 'string'
    ? []
    : ['torchvision', 'timm'].filter((name) => typeof findPython('torch', name) !== 'string');

before(() => loadNative().setThreads(1));

describe('Python loads exported files as it is told', { skip: typeof python === 'string' ? python : false }, () => {
  for (const format of ['torchvision', 'timm'] as const) {
    const skip = found.includes(format) ? false : `Python has no ${format}`;
    test(format, { skip }, (context) =>
      withTempDir(async (dir) => {
        if (typeof python === 'string') return;
        const { size, mean, std } = input;
        const pixels = pictures(COUNT, size, size);
        const images = path.join(dir, 'images');
        writeFileSync(images, pixels);
        const jobs: object[] = [];
        const expected: Float32Array[] = [];
        const chosen = cases.filter(([of]) => of === format);
        for (const [number, [, , encoder, norm]] of chosen.entries()) {
          const [file, out] = [`trained-${number}`, `exported-${number}`].map((name) =>
            path.join(dir, `${name}.safetensors`),
          ) as [string, string];
          await writeTrained(file, encoder, { ...officialNorm, ...norm });
          const { use } = await exportEncoder(file, { out, format });
          jobs.push({ use, images, shape: [COUNT, size, size, 3], mean, std });
          await using ours = await Encoder.load(file, { device: 'cpu', precision: 'float32' });
          const inputs = Array.from({ length: COUNT }, (_, i) => ({
            pixels: pixels.subarray(i * size * size * 3, (i + 1) * size * size * 3),
            width: size,
            height: size,
          }));
          expected.push((await ours.embed(inputs)).data);
        }
        writeFileSync(path.join(dir, 'jobs.json'), JSON.stringify(jobs));
        const script = path.join(root, 'test/python/use_exported.py');
        const printed = JSON.parse(runPython(python, script, path.join(dir, 'jobs.json'))) as Array<
          number[][] | string
        >;
        for (const [number, [, title]] of chosen.entries()) {
          const theirs = printed[number];
          assert.ok(Array.isArray(theirs), `${title}: ${theirs}`);
          const [own, flat] = [expected[number] as Float32Array, theirs.flat()];
          assert.equal(flat.length, own.length, title);
          const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
          const difference = own.reduce((most, value, i) => Math.max(most, Math.abs(value - (flat[i] as number))), 0);
          context.diagnostic(`${title}: ${difference.toExponential(1)}, of features up to ${largest.toFixed(2)}`);
          assert.ok(largest > 0.01 && difference < 1e-4 * Math.max(1, largest), `${title}: ${difference}`);
        }
      }),
    );
  }
});
