import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { configHash } from '../../../lib/config/hash.js';
import { protocols } from '../../../lib/eval/protocols/index.js';
import { evaluateRun, registerProtocol, resolveConfig } from '../../../lib/index.js';
import { runNode } from '../../support/cli.js';
import { root, withTempDir } from '../../support/paths.js';
import { runToEnd, tinyConfig } from '../../support/tiny.js';

const hash = configHash(tinyConfig());
// Before the protocol is there, the schema has been used.
assert.throws(
  () => resolveConfig({ preset: 'shapes', overrides: ['evaluation.nearest-mean.distance=manhattan'] }),
  /evaluation\.nearest-mean: not a setting/,
);
const { nearestMean } = await import('./toy-protocol.js');

describe('a protocol in a file of its own', () => {
  test('is set like the others, and changes nothing for those who do not', () => {
    const set = (override: string) => resolveConfig({ preset: 'shapes', overrides: [override] }).evaluation;
    assert.deepEqual(set('evaluation.nearest-mean.distance=manhattan')['nearest-mean'], { distance: 'manhattan' });
    assert.equal(set('evaluation.batchSize=7')['nearest-mean'], undefined);
    assert.throws(
      () => set('evaluation.nearest-mean.distanc=manhattan'),
      /did you mean evaluation\.nearest-mean\.distance\?/,
    );
    assert.throws(
      () => set('evaluation.nearest-mean.distance=taxi'),
      /expected 'euclidean' or 'manhattan', got 'taxi'/,
    );
    assert.equal(configHash(tinyConfig()), hash);
  });

  test('evaluates a run, writes its result and gives its metrics their names', () =>
    withTempDir(async (dir) => {
      const folder = path.join(dir, 'run');
      await runToEnd(tinyConfig({ epochs: 1 }), { folder });
      const { result, metrics } = await evaluateRun({ folder, protocol: 'nearest-mean' });
      assert.equal(result.distance, 'euclidean');
      assert.ok(result.top1 > 0 && result.top1 < 1);
      assert.deepEqual(metrics, { 'nearest-mean/top1': result.top1 });
      const written = JSON.parse(readFileSync(path.join(folder, 'eval-nearest-mean.json'), 'utf8'));
      assert.deepEqual(written.result, result);
      assert.deepEqual(written.metrics, metrics);
      const patch = { evaluation: { 'nearest-mean': { distance: 'manhattan' } } } as const;
      assert.equal((await evaluateRun({ folder, protocol: 'nearest-mean', patch })).result.distance, 'manhattan');

      // The command line knows it too, once its file is loaded.
      const file = path.join(root, 'dist/test/eval/protocols/toy-protocol.js');
      const cli = (...args: string[]) =>
        runNode(['--import', file, path.join(root, 'dist/lib/cli/main.js'), 'eval', ...args]);
      assert.match(
        cli().stdout,
        /^knn .*\nlinear .*\nlogistic .*\nfine-tune .*\nnearest-mean +The nearest mean of each class\n$/,
      );
      const { stdout, stderr } = cli('nearest-mean', '--run', folder, '--quiet');
      assert.match(stdout, /^nearest euclidean mean: [0-9.]+ %\nSaved as eval-nearest-mean\.json in /, stderr);
      assert.match(cli('nearest-meen', '--run', folder).stderr, /Did you mean 'nearest-mean'\?/);
    }));

  test('has a name that nobody else has', () => {
    const refused = (name: string, message: RegExp) =>
      assert.throws(() => registerProtocol({ ...nearestMean, name }), { code: 'ERR_BYOL_USAGE', message });
    refused('nearest-mean', /there is a protocol called 'nearest-mean' already/);
    refused('knn', /there is a protocol called 'knn' already/);
    refused('Nearest', /small letters, digits and single dashes, not 'Nearest'/);
    refused('batchSize', /not 'batchSize'/);
    assert.deepEqual(
      protocols().map(({ name }) => name),
      ['knn', 'linear', 'logistic', 'fine-tune', 'nearest-mean'],
    );
  });
});
