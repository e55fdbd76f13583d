/** Epochs in which the predictor alone learns: nothing else moves, whatever optimises, and then everything does. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { readSafetensors } from '../../lib/export/safetensors.js';
import { resolveConfig } from '../../lib/methods/resolve.js';
import { withTempDir } from '../support/paths.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

/** Values of the online network and its predictor by name, after so many steps. */
function parameters(folder: string, step: number): Map<string, Float32Array> {
  const name = `step-${String(step).padStart(8, '0')}.safetensors`;
  const { tensors } = readSafetensors(path.join(folder, 'checkpoints', name));
  const found = [...tensors].filter(([key]) => /^online\./.test(key));
  return new Map(
    found.map(([key, { data }]) => [key, new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4)]),
  );
}

/** The largest change of any value of the parameters that `of` names. */
function change(a: Map<string, Float32Array>, b: Map<string, Float32Array>, of: RegExp): number {
  let most = 0;
  for (const [name, values] of a) {
    if (!of.test(name)) continue;
    for (const [index, value] of values.entries()) {
      most = Math.max(most, Math.abs(value - (b.get(name)?.[index] ?? Number.NaN)));
    }
  }
  return most;
}

for (const optimizer of ['sgd', 'lars'] as const) {
  test(`${optimizer}: encoder and projector wait for the predictor, the target is not taken for stuck`, () =>
    withTempDir(async (folder) => {
      const config = resolveConfig({
        base: tinyConfig({ epochs: 5 }),
        patch: {
          norm: { encoder: 'group', projector: 'group', predictor: 'group', groups: 4, weightStandardization: true },
          optimizer: { kind: optimizer, warmupEpochs: 0, predictorFirstEpochs: 3 },
        },
      });
      await runToEnd(config, { folder });
      const [first, before, after] = [4, 12, 16].map((step) => parameters(folder, step));
      assert.ok(first && before && after);
      assert.ok(change(first, before, /^online\.own\.predictor\./) > 1e-4);
      // Offsets start at 0, where even a trillionth of a step can be seen.
      assert.ok(change(first, before, /^online\.(encoder|projector)\./) < 1e-9);
      assert.ok(change(before, after, /^online\.encoder\./) > 1e-5);
      assert.ok(change(before, after, /^online\.projector\./) > 1e-5);
    }));
}
