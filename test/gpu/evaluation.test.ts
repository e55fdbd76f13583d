import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { evaluateKnn } from '../../lib/eval/protocols/knn.js';
import { evaluateLearner } from '../../lib/train/evaluate-learner.js';
import { withTempDir } from '../support/paths.js';
import { runToEnd } from '../support/tiny.js';
import { device, doSteps, isCard, openOn, skip, smallConfig } from './device.js';

describe('what a device has learnt', { skip }, () => {
  test('kNN there is kNN on the CPU', async () => {
    await withTempDir(async (dir) => {
      const state = path.join(dir, 'state');
      const config = smallConfig();
      const [here, there] = [await openOn('cpu', config), await openOn(device, config)];
      await doSteps(there, 0, 6);
      await there.learner.save(state, {});
      await here.learner.load(state);
      const measured = [here, there].map((resources) =>
        evaluateLearner(resources, { statistics: 'running', signal: undefined }, (input) =>
          evaluateKnn(input, { ...config.evaluation.knn, k: 5, bankImages: 0, queryImages: 0 }),
        ),
      );
      const [expected, actual] = await Promise.all(measured);
      assert.ok(expected !== undefined && actual !== undefined);
      // Of 64 images one may change sides by rounding.
      assert.ok(Math.abs(expected.top1 - actual.top1) <= 1 / 64 + 1e-9, `${expected.top1} and ${actual.top1}`);
      here.dispose();
      there.dispose();
    });
  });

  test('a run says how it is computed, how fast, and with how much memory', async () => {
    await withTempDir(async (dir) => {
      const small = smallConfig(['evaluation.knn.everyEpochs=0', 'evaluation.linear.atEnd=false']);
      const config = {
        ...small,
        device: device as 'cuda:0',
        data: { kind: 'shapes', trainImages: 512, testImages: 64, size: 32, seed: 1 } as const,
        // Long enough for a reading, which comes after half a second.
        epochs: isCard ? 100 : 3,
      };
      const { events, result } = await runToEnd(config, { folder: path.join(dir, 'run') });
      const told = events.filter((event) => event.type === 'execution');
      if (isCard) {
        assert.deepEqual(
          told.map(({ graph, images }) => [graph, images]),
          [['captured', 'resident']],
        );
      } else assert.deepEqual(told, []);
      const { metrics } = result;
      assert.ok(metrics !== null && (metrics['memory/peak'] ?? 0) > 1e6);
      assert.ok((metrics['compute/tflops'] ?? 0) > 0);
      assert.ok((metrics['time/forward'] ?? 0) > 0);
      assert.ok(result.metrics?.['collapse/std'] !== undefined && result.metrics['collapse/std'] > 0.1);
    });
  });

  test('the device tells what it is and what it does at best', async () => {
    const { native, dispose } = await openOn(device, smallConfig());
    const facts = await native.deviceFacts(device);
    const memory = await native.deviceMemory(device);
    const rates = await native.deviceRates(device, 'bfloat16');
    assert.ok(facts.name !== '' && facts.multiprocessors > 0);
    assert.equal(facts.capability !== '', isCard);
    assert.ok(memory.free > 0 && memory.free <= memory.total && memory.total <= facts.totalMemory * 1.01);
    // More than any CPU, where it is a card; less than anything that is built.
    assert.ok(rates.matrix > (isCard ? 1e13 : 1e9) && rates.matrix < 1e17, String(rates.matrix));
    assert.ok(rates.copy > (isCard ? 1e11 : 1e8) && rates.copy < 1e14, String(rates.copy));
    dispose();
  });
});
