/** The command queue as JavaScript sees it: order, results, errors, and what is disposed of while it works. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { NativeLearner } from '../../lib/binding/native.js';
import { ByolError } from '../../lib/errors.js';
import { withTempDir } from '../support/paths.js';
import { embedInput, firstRows, learnerSpec, makeImages, nativeOnOneThread, probeSpec, stepInput } from './small.js';

const native = nativeOnOneThread();
const images = makeImages(native, 16);
const step = stepInput(images, 16);

test('promises settle in the order of the calls, whatever they are of', async () => {
  const learner = new native.Learner(learnerSpec);
  const bank = new native.FeatureBank(16, learner.features, 'cpu');
  const settled: string[] = [];
  const note = (name: string) => () => void settled.push(name);
  const spoilt = { ...step, indices: firstRows(16).map((i) => i + 1) };
  await Promise.all([
    learner.step(step).then(note('step')),
    learner.stepCount.then(note('count')),
    learner.step(spoilt).then(note('never'), note('refused')),
    learner.embed(embedInput(images, bank, 16)).then(note('embed')),
    bank.read(0, 1).then(note('read')),
    learner.step(step).then(note('step again')),
    native.knn(bank, bank, { classes: 3, k: 1, temperature: 1 }).then(note('knn')),
  ]);
  assert.deepEqual(settled, ['step', 'count', 'refused', 'embed', 'read', 'step again', 'knn']);
});

test('many steps in flight give bit for bit what one after the other gives', async () => {
  await withTempDir(async (dir) => {
    const stateAfter = async (train: (learner: NativeLearner) => Promise<unknown>): Promise<Buffer> => {
      const learner = new native.Learner(learnerSpec);
      await train(learner);
      assert.equal(await learner.stepCount, 20);
      const file = path.join(dir, 'state.safetensors');
      await learner.save(file, {});
      learner.dispose();
      return readFileSync(file);
    };
    const oneByOne = await stateAfter(async (learner) => {
      for (let i = 0; i < 20; i += 1) await learner.step(step);
    });
    const together = await stateAfter((learner) => Promise.all(Array.from({ length: 20 }, () => learner.step(step))));
    assert.ok(oneByOne.equals(together));
  });
});

test('micro-batches are the rows in order', async () => {
  const halves = new native.Learner({ ...learnerSpec, classes: 0 });
  const { augmentSeconds, computeSeconds } = await halves.step({ ...step, microBatches: 2 });
  assert.ok(augmentSeconds > 0 && computeSeconds > 0);
  assert.equal((await halves.readMetrics()).steps, 1);
  // Two micro-batches of the same rows have the mean of their losses, which is that of one.
  const twice = new native.Learner({ ...learnerSpec, classes: 0 });
  const eight = stepInput(images, 8);
  await twice.step({
    ...eight,
    microBatches: 2,
    indices: Int32Array.from([...eight.indices, ...eight.indices]),
    plans: [
      Float32Array.from([...eight.plans[0], ...eight.plans[0]]),
      Float32Array.from([...eight.plans[1], ...eight.plans[1]]),
    ],
  });
  const once = new native.Learner({ ...learnerSpec, classes: 0 });
  await once.step(eight);
  const [a, b] = [(await twice.readMetrics()).loss, (await once.readMetrics()).loss];
  assert.ok(Math.abs(a - b) < 1e-5, `${a} and ${b}`);
});

test('what is disposed of while commands that use it are queued stays until they are done', async () => {
  const learner = new native.Learner(learnerSpec);
  const store = makeImages(native, 16);
  const bank = new native.FeatureBank(16, learner.features, 'cpu');
  const probe = new native.LinearProbe(probeSpec);
  const queued = [
    ...Array.from({ length: 5 }, () => learner.step({ ...step, images: store })),
    learner.embed(embedInput(store, bank, 16)),
    probe.step(bank, firstRows(16), 1),
    bank.read(0, 16),
  ] as const;
  for (const object of [learner, store, bank, probe]) object.dispose();
  assert.throws(() => learner.step(step), { code: 'ERR_BYOL_DISPOSED' });
  assert.throws(() => bank.read(0, 1), { code: 'ERR_BYOL_DISPOSED' });
  const results = await Promise.allSettled(queued);
  assert.deepEqual(
    results.map(({ status }) => status),
    queued.map(() => 'fulfilled'),
  );
});

test('the lists that plans came in may be used again at once', async () => {
  const learner = new native.Learner(learnerSpec);
  const plans: [Float32Array, Float32Array] = [step.plans[0].slice(), step.plans[1].slice()];
  const indices = firstRows(16);
  const running = learner.step({ ...step, indices, plans });
  plans[0] = new Float32Array(0);
  plans.pop();
  indices.fill(-1); // copied, unlike the plans
  await running;
});

test('a rejection has the code, the class and the stack of the call', async () => {
  const learner = new native.Learner(learnerSpec);
  const indices = Int32Array.from(firstRows(16)).fill(99);
  async function callerOfStep(): Promise<void> {
    await learner.step({ ...step, indices });
  }
  const error = await callerOfStep().catch((reason: unknown) => reason);
  assert.ok(error instanceof ByolError);
  assert.equal(error.code, 'ERR_BYOL_SHAPE');
  assert.match(String(error.stack), /^ByolError \[ERR_BYOL_SHAPE\]: there is no image 99.*\n +at .*callerOfStep/s);
  assert.match(String(error.stack), /commands\.test\.js/);
});

test("LibTorch's own errors come without a page of C++ frames, which are there for those who ask", () => {
  // 128 PiB.
  const allocate = () => new native.FeatureBank(2 ** 31 - 1, 2 ** 24, 'cpu');
  assert.throws(allocate, (error) => {
    assert.ok(error instanceof ByolError);
    assert.equal(error.code, 'ERR_BYOL_HOST_OOM');
    assert.match(error.message, /can't allocate memory/);
    assert.doesNotMatch(error.message, /Exception raised from|frame #/);
    assert.ok(!Object.keys(error).includes('nativeStack'));
    assert.match((error as ByolError & { nativeStack: string }).nativeStack, /can't allocate memory/);
    return true;
  });
});

test('a constructor waits for the command in progress, not for the queue', async () => {
  const learner = new native.Learner(learnerSpec);
  let settled = 0;
  const steps = Array.from({ length: 200 }, () =>
    learner.step(step).then(() => {
      settled += 1;
    }),
  );
  new native.Learner({ ...learnerSpec, seed: 2 }).dispose();
  // Had it waited, all steps would be done by now and settled in this turn of the event loop.
  await setImmediate();
  assert.ok(settled < 200, `${settled} of 200`);
  await Promise.all(steps);
  assert.equal(await learner.stepCount, 200);
});

test('metadata comes back as it was, whatever the names', async () => {
  await withTempDir(async (dir) => {
    const learner = new native.Learner(learnerSpec);
    const file = path.join(dir, 'state.safetensors');
    const metadata = {
      plain: 'text',
      'naïve "quoted"\n': '→ \u0000 𝔘',
      ['__proto__']: 'a name like any other',
      7: 'seven',
    };
    await learner.save(file, metadata);
    assert.deepEqual({ ...(await learner.load(file)) }, { ...metadata });
    assert.deepEqual(Object.keys(await learner.loadWeights(file)).sort(), Object.keys(metadata).sort());
  });
});
