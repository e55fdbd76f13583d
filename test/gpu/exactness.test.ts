/** Whatever way the steps of a training take on a device, in deterministic mode they end in the same bits. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { withTempDir } from '../support/paths.js';
import { device, doSteps, isCard, openOn, skip, smallConfig } from './device.js';

/** Steps that a device is not shown as a graph yet. */
const EAGER = 3;

describe('steps on a device', { skip }, () => {
  for (const precision of ['float32', 'bfloat16'] as const) {
    test(`ten graphed steps are ten eager ones, ${precision}`, async () => {
      await withTempDir(async (dir) => {
        const at = (file: string | number): string => path.join(dir, String(file));
        const config = smallConfig([`precision=${precision}`]);
        const steps = EAGER + 10;
        const graphed = await openOn(device, config);
        assert.equal(graphed.learner.stepsInFlight, isCard ? 3 : 2);
        await graphed.learner.save(at(0), {});
        await doSteps(graphed, 0, steps);
        await graphed.learner.save(at('graphed'), {});
        const { graph, reason } = await graphed.learner.execution();
        assert.equal(graph, isCard ? 'captured' : 'unavailable', reason);
        graphed.dispose();
        // A learner that does one step has not come to its graph.
        for (let step = 0; step < steps; step += 1) {
          const eager = await openOn(device, config);
          await eager.learner.load(at(step));
          await doSteps(eager, step, step + 1);
          assert.notEqual((await eager.learner.execution()).graph, 'captured');
          await eager.learner.save(at(step + 1), {});
          eager.dispose();
        }
        assert.ok(readFileSync(at(steps)).equals(readFileSync(at('graphed'))));
        assert.ok(!readFileSync(at(steps - 1)).equals(readFileSync(at('graphed'))));
      });
    });
  }

  test('a training that goes on from its state ends in the same bits', async () => {
    await withTempDir(async (dir) => {
      const at = (file: string): string => path.join(dir, file);
      const config = smallConfig(['precision=bfloat16']);
      const whole = await openOn(device, config);
      await doSteps(whole, 0, 6);
      await whole.learner.save(at('half'), {});
      await doSteps(whole, 6, 12);
      await whole.learner.save(at('whole'), {});
      whole.dispose();
      const resumed = await openOn(device, config);
      await resumed.learner.load(at('half'));
      await doSteps(resumed, 6, 12);
      await resumed.learner.save(at('resumed'), {});
      resumed.dispose();
      assert.ok(readFileSync(at('resumed')).equals(readFileSync(at('whole'))));
      assert.ok(!readFileSync(at('half')).equals(readFileSync(at('whole'))));
    });
  });
});
