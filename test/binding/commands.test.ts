/** The command queue as JavaScript sees it: order, results, errors, and what is disposed of while it works. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { LearnerSpec, NativeLearner, StepInput } from '../../lib/binding/native.js';
import { ByolError } from '../../lib/errors.js';
import { withTempDir } from '../support/paths.js';
import {
  embedInput,
  firstRows,
  knn,
  learnerSpec,
  makeImages,
  nativeOnOneThread,
  plansOf,
  probeSpec,
  stepInput,
  view,
  wider,
  withPlans,
} from './small.js';

const native = nativeOnOneThread();
const images = makeImages(native, 16);
const step = stepInput(images, 16);
const pixels = Uint8Array.from({ length: 16 * 8 * 8 * 3 }, (_, i) => (i * 37) % 251);

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
    knn(native, bank, bank).then(note('knn')),
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
  const { total, ...parts } = await halves.step({ ...step, microBatches: 2 });
  assert.deepEqual(Object.keys(parts), ['augment', 'forward', 'backward', 'update']);
  assert.ok(Object.values(parts).every((seconds) => seconds > 0));
  assert.ok(Math.abs(total - Object.values(parts).reduce((a, b) => a + b)) < 1e-9);
  assert.equal((await halves.readMetrics()).steps, 1);
  // Two micro-batches of the same rows have the mean of their losses, which is that of one.
  const twice = new native.Learner({ ...learnerSpec, classes: 0 });
  const eight = stepInput(images, 8);
  await twice.step({
    ...eight,
    microBatches: 2,
    indices: Int32Array.from([...eight.indices, ...eight.indices]),
    views: eight.views.map(({ plan, spec }) => ({ plan: Float32Array.from([...plan, ...plan]), spec })),
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

test('what was given may be changed, detached or used again at once', async () => {
  await withTempDir(async (dir) => {
    const results: Buffer[] = [];
    for (const spoil of [false, true]) {
      const learner = new native.Learner({ ...learnerSpec, classes: 3 });
      const given = [
        pixels.slice(),
        new Int32Array(16).fill(8),
        new Int32Array(16).fill(8),
        Int32Array.from({ length: 16 }, (_, i) => i % 3),
      ] as const;
      const store = new native.ImageStore(...given);
      const bank = new native.FeatureBank(16, learner.features, 'cpu');
      const probe = new native.LinearProbe(probeSpec);
      const [first, second] = plansOf(step);
      const plans = [first.slice(), second.slice()] as const;
      const views = [...withPlans(step, plans).views];
      const [indices, rows, plan] = [firstRows(16), firstRows(16), first.slice()];
      const metadata = { name: 'value' };
      const file = path.join(dir, `state-${spoil}.safetensors`);
      // The first step keeps the others waiting while what they were given is spoilt.
      const running = [
        learner.step(step),
        learner.step({ ...step, images: store, indices, views }),
        learner.embed({ ...embedInput(store, bank, 16), indices, plan }),
        probe.step(bank, rows, 1),
        learner.save(file, metadata),
      ];
      const shown = native.executePlan({
        ...{ images: store, indices, plan, view },
        ...{ executor: 'fused', dtype: 'float32', threads: 0, device: 'cpu' },
      });
      if (spoil) {
        for (const array of given) array.fill(1);
        structuredClone(plans[0], { transfer: [plans[0].buffer as ArrayBuffer] });
        plans[1].fill(Number.NaN);
        plan.fill(1e9);
        indices.fill(-1);
        rows.fill(99);
        metadata.name = 'other';
        views.pop();
      }
      await Promise.all(running);
      results.push(readFileSync(file), Buffer.from((await shown).buffer), Buffer.from((await bank.read(0, 16)).buffer));
    }
    for (const i of [0, 1, 2]) assert.ok(results[i]?.equals(results[i + 3] as Buffer), `result ${i}`);
  });
});

test('a step that is refused, and a file that is refused, leave no trace', async () => {
  await withTempDir(async (dir) => {
    const file = path.join(dir, 'state.safetensors');
    const other = path.join(dir, 'other.safetensors');
    const stranger = new native.Learner({
      ...learnerSpec,
      projector: { ...learnerSpec.projector, hidden: [7] },
    });
    await stranger.save(other, {});
    const queue = { kind: 'queue', weight: 1, temperature: 0.1, size: 32 } as const;
    const specs: LearnerSpec[] = [
      learnerSpec,
      { ...learnerSpec, norm: { ...learnerSpec.norm, encoder: 'affine', projector: 'affine', predictor: 'affine' } },
      {
        ...learnerSpec,
        objective: { ...learnerSpec.objective, symmetric: false, statisticsGroups: 2, negatives: queue },
      },
    ];
    const spoiltPlan = (column: number, value: number): StepInput => {
      const [first, second] = plansOf(step);
      const plan = second.slice();
      plan[13 * 12 + column] = value; // a row of the second micro-batch
      return { ...withPlans(step, [first, plan]), microBatches: 2 };
    };
    const outside = firstRows(16).map((i) => (i === 13 ? 16 : i));
    for (const spec of specs) {
      const stateAfter = async (refused: (learner: NativeLearner) => Promise<unknown>[]) => {
        const learner = new native.Learner(spec);
        // All queued at once: the step behind a refused one is there before anybody can react.
        const commands = [...refused(learner), learner.step({ ...step, microBatches: 2 }), ...refused(learner)];
        const outcomes = await Promise.allSettled(commands);
        const metrics = await learner.readMetrics();
        await learner.save(file, {});
        const failures = outcomes.filter(({ status }) => status === 'rejected').length;
        return { failures, all: commands.length, metrics, bytes: readFileSync(file) };
      };
      const expected = await stateAfter(() => []);
      const attempts: Array<(learner: NativeLearner) => Promise<unknown>> = [
        (learner) => learner.step(spoiltPlan(0, Number.NaN)),
        (learner) => learner.step(spoiltPlan(2, 0)),
        (learner) => learner.step({ ...step, microBatches: 2, indices: outside }),
        (learner) => learner.load(other),
        (learner) => learner.loadWeights(other),
      ];
      if (spec.objective.statisticsGroups === 2)
        attempts.push((learner) => learner.step({ ...step, microBatches: 16 }));
      const got = await stateAfter((learner) => attempts.map((attempt) => attempt(learner)));
      assert.equal(got.failures, got.all - 1);
      assert.deepEqual(got.metrics, expected.metrics);
      assert.ok(got.bytes.equals(expected.bytes));
    }
  });
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

test("LibTorch's own errors come without a page of C++ frames, which are there for those who ask", async () => {
  // 128 PiB. Nothing waits for the construction; whoever uses what came of it is told.
  const bank = new native.FeatureBank(2 ** 31 - 1, 2 ** 24, 'cpu');
  for (const use of [() => bank.read(0, 1), () => knn(native, bank, bank)]) {
    await assert.rejects(use, (error) => {
      assert.ok(error instanceof ByolError);
      assert.equal(error.code, 'ERR_BYOL_HOST_OOM');
      assert.match(error.message, /can't allocate memory/);
      assert.doesNotMatch(error.message, /Exception raised from|frame #/);
      assert.ok(!Object.keys(error).includes('nativeStack'));
      assert.match((error as ByolError & { nativeStack: string }).nativeStack, /can't allocate memory/);
      return true;
    });
  }
  bank.dispose();
});

test('nothing but a shutdown waits for the command in progress', async () => {
  const large = makeImages(native, 64, 32);
  const learner = new native.Learner(wider(32));
  let settled = false;
  const input = stepInput(large, 64, 32);
  const first = learner.step(input);
  const slow = learner.step(input).then(() => {
    settled = true;
  });
  await first; // now the second is in progress
  const made = [
    new native.Learner({ ...learnerSpec, seed: 2 }),
    new native.FeatureBank(10, 4, 'cpu'),
    new native.LinearProbe(probeSpec),
    makeImages(native, 4),
  ];
  native.setThreads(1);
  native.info();
  for (const object of made) object.dispose();
  // Had any of them waited, the step would be done by now and settled in this turn of the event loop.
  await setImmediate();
  assert.equal(settled, false);
  await slow;
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
    // Beside what was given stands the checksum.
    const without = ({ 'byol-torch.checksum': checksum, ...rest }: Record<string, string>): object => {
      assert.match(checksum ?? '', /^crc32c:/);
      return rest;
    };
    assert.deepEqual(without(await learner.load(file)), { ...metadata });
    assert.deepEqual(without(await learner.loadWeights(file)), { ...metadata });
  });
});
