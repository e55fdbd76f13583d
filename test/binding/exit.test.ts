/** A process or worker may end at any moment while steps are in flight; each case in a process of its own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root, withTempDir } from '../support/paths.js';

const url = (file: string): string => JSON.stringify(path.join(root, 'dist', 'lib', ...file.split('/')));

/** Declares `start()`, which queues `count` steps of a small learner and returns their promises. */
const prelude = `
  import { Worker, isMainThread } from 'node:worker_threads';
  import { loadNative } from ${url('binding/load.js')};
  import { evaluationPlan } from ${url('augment/plan.js')};
  import { viewSpec } from ${url('augment/view-spec.js')};
  import { learnerSpec } from ${url('methods/learner-spec.js')};
  import { presets } from ${url('config/presets/index.js')};
  function start(count) {
    const native = loadNative();
    native.setThreads(1);
    const learner = new native.Learner(learnerSpec(presets.shapes, { device: 'cpu', precision: 'float32' }, 10));
    const images = new native.ImageStore(new Uint8Array(64 * 32 * 32 * 3), new Int32Array(64).fill(32), new Int32Array(64).fill(32), new Int32Array(64));
    const plan = evaluationPlan(64, 32, 32);
    const spec = viewSpec(presets.shapes.views);
    const indices = Int32Array.from({ length: 64 }, (_, i) => i);
    return Array.from({ length: count }, () =>
      learner.step({ images, indices, microBatches: 1, views: [{ plan, spec }, { plan, spec }], learningRate: 0.1, tau: 0.9,
        projectorRate: 1, predictorRate: 1, objectiveWeight: 1, supervisedLabels: null }));
  }`;

async function runScript(body: string): Promise<{ status: number | null; signal: string | null; output: string }> {
  return withTempDir((dir) => {
    const file = path.join(dir, 'script.mjs');
    writeFileSync(file, `${prelude}\n${body}`);
    const child = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 60_000 });
    return { status: child.status, signal: child.signal, output: child.stdout + child.stderr };
  });
}

test('a process waits for its promises, then ends by itself', async () => {
  const { status, output } = await runScript(`await Promise.all(start(3)); console.log('done');`);
  assert.equal(status, 0, output);
  assert.match(output, /done/);
});

test('process.exit() in the middle of a step keeps its exit code', async () => {
  const { status, signal, output } = await runScript(`start(50); setTimeout(() => process.exit(7), 150);`);
  assert.equal(signal, null, output);
  assert.equal(status, 7, output);
});

test('an uncaught exception in the middle of a step ends with 1 and its message', async () => {
  const { status, output } = await runScript(
    `start(50); setTimeout(() => { throw new Error('my own mistake'); }, 150);`,
  );
  assert.equal(status, 1, output);
  assert.match(output, /my own mistake/);
});

const inWorker = (after: string): string => `
  if (isMainThread) {
    for (let round = 0; round < 2; round += 1) {
      const worker = new Worker(new URL(import.meta.url));
      await new Promise((resolve) => worker.once('message', resolve));
      ${after}
    }
    console.log('both rounds');
  } else {
    const { parentPort } = await import('node:worker_threads');
    const steps = start(6);
    parentPort.postMessage('started');
    await Promise.all(steps);
  }`;

test('a worker that is terminated in the middle of a step, twice', async () => {
  const { status, signal, output } = await runScript(inWorker('await worker.terminate();'));
  assert.equal(signal, null, output);
  assert.equal(status, 0, output);
  assert.match(output, /both rounds/);
});

test('a worker that ends by itself, twice', async () => {
  const { status, output } = await runScript(inWorker(`await new Promise((resolve) => worker.once('exit', resolve));`));
  assert.equal(status, 0, output);
  assert.match(output, /both rounds/);
});

test('bad values are refused with a code, and disposed objects too', async () => {
  const { status, output } = await runScript(`
    const native = loadNative();
    const two = Int32Array.of(2);
    const code = (body) => { try { body(); return 'none'; } catch (error) { return error.code; } };
    const spec = learnerSpec(presets.shapes, { device: 'cpu', precision: 'float32' }, 10);
    console.log(code(() => new native.ImageStore(new Uint8Array(5), two, two, null)));
    console.log(code(() => new native.ImageStore(new Uint8Array(12), two, two, new Int32Array(3))));
    console.log(code(() => new native.Learner({ ...spec, encoder: { ...spec.encoder, width: 0.5 } })));
    console.log(code(() => new native.Learner({ ...spec, device: 'cuda:99' })));
    console.log(code(() => native.setThreads(-1)));
    const store = new native.ImageStore(new Uint8Array(12), two, two, null);
    store.dispose();
    store.dispose();
    console.log(code(() => store.size));`);
  assert.equal(status, 0, output);
  assert.deepEqual(output.trim().split('\n'), [
    'ERR_BYOL_SHAPE',
    'ERR_BYOL_SHAPE',
    'ERR_BYOL_VALUE',
    'ERR_BYOL_CUDA_UNAVAILABLE',
    'ERR_BYOL_VALUE',
    'ERR_BYOL_DISPOSED',
  ]);
});
