/** Every method trains, stops and goes on in the same bits; a new one takes a few lines. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type MethodName, methods } from '../../lib/methods/index.js';
import type { Method } from '../../lib/methods/method.js';
import { newest, sameBits } from '../support/bits.js';
import { root, withTempDir } from '../support/paths.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

// Its queue outlives the run; of the others' state there is nothing that BYOL has not.
const stateful: readonly MethodName[] = ['moco-v2', 'mean-teacher'];

for (const [name, method] of Object.entries(methods)) {
  test(`${name} trains${stateful.includes(name as MethodName) ? ', and goes on where it stopped' : ''}`, async () => {
    await withTempDir(async (dir) => {
      const config = method(tinyConfig({ epochs: 2 }));
      const whole = path.join(dir, 'whole');
      const { result } = await runToEnd(config, { folder: whole });
      assert.equal(result.steps, 8);
      // Also of labels alone, where there is no objective between views.
      assert.ok((result.metrics?.loss ?? 0) > 0, String(result.metrics?.loss));
      assert.ok((result.metrics?.['collapse/rank'] ?? 0) >= 1);
      if (!stateful.includes(name as MethodName)) return;
      const parts = path.join(dir, 'parts');
      const first = await runToEnd(config, { folder: parts }, (event, stop) => {
        if (event.type === 'epoch') stop();
      });
      assert.equal(first.result.interrupted, true);
      await runToEnd(config, { folder: parts, resume: true });
      sameBits(newest(whole), newest(parts));
    });
  });
}

test("the README's method of its own trains", async () => {
  const repelled: Method = (base) => ({
    ...base,
    method: 'repelled',
    objective: { ...base.objective, negatives: { kind: 'batch', weight: 0.5, temperature: 0.3 } },
  });
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  assert.ok(
    readme.includes("negatives: { kind: 'batch', weight: 0.5, temperature: 0.3 }"),
    'the README shows another one',
  );
  await withTempDir(async (dir) => {
    const { result } = await runToEnd(repelled(tinyConfig({ epochs: 2 })), { folder: path.join(dir, 'run') });
    assert.equal(result.steps, 8);
  });
});

test('supervision refuses a projector whose outputs are not the classes', async () => {
  await withTempDir(async (dir) => {
    const config = methods.supervised(tinyConfig());
    const wrong = { ...config, projector: { ...config.projector, output: 7 } };
    await assert.rejects(runToEnd(wrong, { folder: path.join(dir, 'run') }), {
      code: 'ERR_BYOL_CONFIG',
      message: /projector.output must be 10, the number of classes, not 7/,
    });
  });
});
