/** Whatever does not fit the declarations in lib/binding/native.ts is refused by name, before anything is computed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StepInput } from '../../lib/binding/native.js';
import { ByolError, type ErrorCode } from '../../lib/errors.js';
import { identityPlan } from '../support/plans.js';
import {
  embedInput,
  encoderSpec,
  firstRows,
  knn,
  knnRule,
  learnerSpec,
  makeImages,
  nativeOnOneThread,
  plansOf,
  probeSpec,
  regressionSpec,
  stepInput,
  view,
  withPlans,
} from './small.js';

/** What JavaScript may give where TypeScript would not. */
const loose = (value: unknown): never => value as never;

const native = nativeOnOneThread();
const images = makeImages(native, 4);
const one = (value: number): Int32Array => Int32Array.of(value);
const unlabelled = new native.ImageStore(new Uint8Array(12), one(2), one(2), null);
const bank = new native.FeatureBank(4, 8, 'cpu');
const learner = new native.Learner(learnerSpec);
const probe = new native.LinearProbe(probeSpec);
const regression = new native.LogisticRegression(regressionSpec);
const step = stepInput(images, 4);
const [plan1, plan2] = plansOf(step);
const stepWith = (spec: object): StepInput => ({
  ...step,
  views: [{ plan: plan1, spec: loose(spec) }, ...step.views.slice(1)],
});

async function refuses(body: () => unknown, code: ErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(
    async () => body(),
    (error) => {
      assert.ok(error instanceof ByolError, String(error));
      assert.equal(`${error.code} ${message.test(error.message)}`, `${code} true`, error.message);
      return true;
    },
  );
}

/** The paths of all values in an object that are no objects themselves, "encoder.blocks" among them. */
function leaves(object: object, path: readonly string[] = []): string[][] {
  return Object.entries(object).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
      ? leaves(value, [...path, name])
      : [[...path, name]],
  );
}

function replaced(object: object, [name, ...rest]: readonly string[], value: unknown): object {
  const key = name as keyof typeof object;
  return { ...object, [key]: rest.length === 0 ? value : replaced(object[key], rest, value) };
}

const anywhere = (path: readonly string[]): RegExp => new RegExp(`\\.${path.join('.')}(\\[\\d\\])?(\\.\\w+)* must be `);
const nonsense = [undefined, Symbol('s'), () => {}, {}, 10n, [Number.NaN], 'nonsense', -1.5];

const structs: Array<[string, object, (input: never) => unknown]> = [
  ['Learner', learnerSpec, (input) => new native.Learner(input)],
  ['LinearProbe', probeSpec, (input) => new native.LinearProbe(input)],
  ['LogisticRegression', regressionSpec, (input) => new native.LogisticRegression(input)],
  ['fit', { penalty: 1, tolerance: 0.1, iterations: 1 }, (input) => regression.fit(input)],
  ['step', step, (input) => learner.step(input)],
  ["step's view", view, (input) => learner.step(stepWith(input))],
  ['Encoder', encoderSpec, (input) => new native.Encoder(input)],
  ['embed', embedInput(images, bank, 4), (input) => learner.embed(input)],
  ['KnnClassifier', knnRule, (input) => new native.KnnClassifier(bank, input)],
  [
    'executePlan',
    { ...embedInput(images, bank, 4), executor: 'fused', dtype: 'float32', threads: 1, device: 'cpu' },
    (input) => native.executePlan(input),
  ],
  [
    'timePlan',
    { ...embedInput(images, bank, 4), executor: 'fused', dtype: 'float32', threads: 1, device: 'cpu' },
    (input) => native.timePlan(input),
  ],
];
for (const [name, struct, call] of structs) {
  test(`${name}: every property is needed and of its type`, async () => {
    const seen: string[] = [];
    for (const path of leaves(struct)) {
      // Plans have neither; embedInput does.
      if (name.endsWith('Plan') && ['statistics', 'bank', 'offset'].includes(String(path[0]))) continue;
      for (const value of nonsense) {
        if (typeof value === 'number' && ['mean', 'device'].includes(String(path[0]))) continue;
        if (path[0] === 'device' && typeof value === 'string') continue; // its message has no path
        await refuses(() => call(loose(replaced(struct, path, value))), 'ERR_BYOL_VALUE', anywhere(path));
      }
      seen.push(path.join('.'));
    }
    assert.ok(seen.length >= 3);
    for (const value of [undefined, null, 7, 'text']) {
      await refuses(() => call(loose(value)), 'ERR_BYOL_VALUE', /must be an object, got /);
    }
  });
}

const numbers: Array<[string, object, (input: never) => unknown, readonly unknown[]]> = [
  ['encoder.width', learnerSpec, (input) => new native.Learner(input), [0, 1.5, 2 ** 40, Number.NaN, '4']],
  [
    'encoder.blocks',
    learnerSpec,
    (input) => new native.Learner(input),
    [[], [0], [1, 1.5], new Array(9).fill(1), [1, undefined, 1]],
  ],
  ['norm.decay', learnerSpec, (input) => new native.Learner(input), [-0.1, 1.1]],
  ['norm.groups', learnerSpec, (input) => new native.Learner(input), [0, 1.5, -16]],
  ['norm.encoder', learnerSpec, (input) => new native.Learner(input), ['Batch', 'instance', null]],
  ['norm.epsilon', learnerSpec, (input) => new native.Learner(input), [0, -1]],
  ['optimizer.momentum', learnerSpec, (input) => new native.Learner(input), [-0.1, 1, Number.POSITIVE_INFINITY]],
  ['optimizer.weightDecay', learnerSpec, (input) => new native.Learner(input), [-1e-9]],
  ['seed', learnerSpec, (input) => new native.Learner(input), [-1, 0.5, 2 ** 53]],
  ['classes', learnerSpec, (input) => new native.Learner(input), [-1, 2 ** 31]],
  ['learningRates', probeSpec, (input) => new native.LinearProbe(input), [[], [0.1, -1], [Number.NaN], 'abc']],
  ['loss', regressionSpec, (input) => new native.LogisticRegression(input), ['Softmax', null]],
  ['tau', step, (input) => learner.step(input), [-0.001, 1.001, Number.NaN]],
  ['learningRate', step, (input) => learner.step(input), [-1, Number.POSITIVE_INFINITY]],
  ['microBatches', step, (input) => learner.step(input), [0, 3, 5, 1.5]],
  ['indices', step, (input) => learner.step(input), [new Int32Array(0), new Float32Array(4), [0, 1, 2, 3]]],
  ['views', step, (input) => learner.step(input), [[1, 2], new Float32Array(2), step.views[0], [step.views[0], null]]],
  ['views', step, (input) => learner.step(input), [[{ plan: plan1 }], [{ ...step.views[0], plan: [...plan1] }]]],
  ['temperature', knnRule, (input) => new native.KnnClassifier(bank, input), [0, -1]],
  ['k', knnRule, (input) => new native.KnnClassifier(bank, input), [0, 1.5]],
  ['vote', knnRule, (input) => new native.KnnClassifier(bank, input), ['none']],
  ['logitRegularizer.alpha', probeSpec, (input) => new native.LinearProbe(input), [0, -1]],
  [
    'std',
    view,
    (input) => learner.step(stepWith(input)),
    [
      [1, 1],
      [1, 0, 1],
      [1, 1, -1],
    ],
  ],
  ['height', view, (input) => learner.step(stepWith(input)), [0, 1e9]],
];
for (const [path, struct, call, values] of numbers) {
  test(`${path} out of its range`, async () => {
    for (const value of values) {
      const input = replaced(struct, path.split('.'), value);
      await refuses(() => call(loose(input)), 'ERR_BYOL_VALUE', anywhere(path.split('.')));
    }
  });
}

test('arguments that are no structs', async () => {
  const { ImageStore, FeatureBank } = native;
  const pixels = new Uint8Array(12);
  const value: Array<[() => unknown, RegExp]> = [
    [() => new ImageStore(loose([1, 2]), one(2), one(2), null), /^pixels must be a Uint8Array, got an array of 2/],
    [
      () => new ImageStore(pixels, one(0), one(2), null),
      /^heights\[0\] must be a whole number of pixels from 1 to 16384, got 0/,
    ],
    [() => new ImageStore(pixels, one(2), Int32Array.of(2, 16385), null), /^widths\[1\] must be .*got 16385/],
    [
      () => new ImageStore(pixels, loose(new Float32Array(1)), one(2), null),
      /^heights must be an Int32Array, got a typed/,
    ],
    [() => new ImageStore(pixels, one(2), loose('2'), null), /^widths must be an Int32Array, got '2'/],
    [
      () => new ImageStore(new Uint8Array(0), new Int32Array(0), new Int32Array(0), null),
      /^heights must be at least one/,
    ],
    [() => new ImageStore(pixels, one(2), one(2), loose(undefined)), /^labels must be an Int32Array, got undefined/],
    [() => new ImageStore(pixels, one(2), one(2), one(-2)), /^labels\[0\] must be a class, or -1 for none, got -2/],
    [() => new FeatureBank(0, 4, 'cpu'), /^count must be/],
    [() => new FeatureBank(4, -1, 'cpu'), /^dimension must be/],
    [() => new FeatureBank(4, 4, loose(null)), /^device must be a string, got null/],
    [() => new FeatureBank(4, 4, 'gpu'), /^device must be 'cpu' or 'cuda:N', got 'gpu'/],
    [() => bank.read(-1, 2), /^start must be/],
    [() => bank.read(0, 5), /^end must be a whole number from 0 to 4, got 5/],
    [() => bank.read(3, 2), /^end must be a whole number from 3/],
    [() => probe.step(bank, new Int32Array(0), 1), /^rows must be at least one row/],
    [() => probe.step(bank, firstRows(2), Number.NaN), /^scale must be .*got nan/],
    [() => bank.write(5, new Float32Array(8), one(0)), /^offset must be a whole number from 0 to 4, got 5/],
    [() => bank.write(0, loose([1]), one(0)), /^features must be a Float32Array/],
    [() => regression.add(bank, one(0), loose({ labels: [0] })), /^targets\.labels must be an Int32Array/],
    [() => regression.scores(bank, loose([0])), /^rows must be an Int32Array/],
    [() => native.setThreads(-1), /^threads must be a whole number from 1 to 1024, got -1/],
    [() => native.setThreads(1.5), /^threads must be/],
    [() => native.limitThreads(0), /^threads must be a whole number from 1 to 1024, got 0/],
    [() => native.shutdown(-1), /^milliseconds must be/],
    [() => native.setErrorClass(loose(1)), /^errorClass must be a class/],
    [() => learner.save('', {}), /^path must be a file's path, got ''/],
    [() => learner.save('a\0b', {}), /^path must be a file's path/],
    [() => learner.save('a', loose({ key: 1 })), /^metadata\.key must be a string, got 1/],
    [() => learner.save('a', loose(null)), /^metadata must be an object of strings/],
    [() => learner.load(loose(7)), /^path must be/],
  ];
  for (const [body, message] of value) await refuses(body, 'ERR_BYOL_VALUE', message);
});

test('sizes that do not fit together', async () => {
  const { ImageStore } = native;
  const short = identityPlan(3, 8, 8);
  const huge = new Int32Array(1000).fill(2 ** 14);
  const shape: Array<[() => unknown, RegExp]> = [
    [() => new ImageStore(new Uint8Array(13), one(2), one(2), null), /^pixels must have the 12 bytes of 1 .*got 13/],
    [
      () => new ImageStore(new Uint8Array(30), Int32Array.of(2, 3), Int32Array.of(2, 1), null),
      /the 21 bytes of 2 .* got 30/,
    ],
    [() => new ImageStore(new Uint8Array(12), huge, huge, null), /^pixels must have the 805306368000 bytes/],
    [
      () => new ImageStore(new Uint8Array(12), one(2), huge, null),
      /^widths must have one number for each of the 1 heights/,
    ],
    [
      () => new ImageStore(new Uint8Array(12), one(2), one(2), new Int32Array(2)),
      /^labels must have one number for each/,
    ],
    [
      () => new native.Learner({ ...learnerSpec, predictor: { kind: 'mlp', ...learnerSpec.projector, output: 1 } }),
      /as many outputs as the projector.*4, not 1/,
    ],
    [
      () => learner.step(withPlans(step, [plan1, short])),
      /^step\.views\[1\]\.plan must have 4 rows of 13 numbers, got 39/,
    ],
    [() => learner.step(withPlans(step, [detached(plan1), short])), /^step\.views\[0\]\.plan .* got 0 numbers/],
    [() => learner.step({ ...step, indices: Int32Array.of(0, 1, 2, 4) }), /no image 4 in a store of 4/],
    [() => learner.step({ ...step, indices: Int32Array.of(0, 1, 2, -1) }), /no image -1/],
    [() => learner.embed({ ...embedInput(images, bank, 4), plan: short }), /^embed\.plan must have 4 rows/],
    [() => learner.embed({ ...embedInput(images, bank, 4), offset: 1 }), /do not fit into a feature bank of 4/],
    [() => learner.embed(embedInput(images, new native.FeatureBank(4, 9, 'cpu'), 4)), /bank of 9 features/],
    [() => probe.step(bank, Int32Array.of(4), 1), /Row 4 lies outside/],
    [() => regression.scores(bank, Int32Array.of(4)), /Row 4 lies outside/],
    [() => bank.write(0, new Float32Array(9), one(0)), /^features must have 1 rows of 8 numbers, got 9/],
    [() => knn(native, new native.FeatureBank(4, 9, 'cpu'), bank), /different encoders/],
  ];
  for (const [body, message] of shape) await refuses(body, 'ERR_BYOL_SHAPE', message);
});

test('features from elsewhere are written as they are, or not at all', async () => {
  const own = new native.FeatureBank(3, 2, 'cpu');
  await own.write(1, Float32Array.of(1, 2, 3, 4), Int32Array.of(0, -1));
  assert.deepEqual([...(await own.read(0, 3))], [0, 0, 1, 2, 3, 4]);
  await refuses(() => own.write(0, Float32Array.of(5, Number.NaN), Int32Array.of(0)), 'ERR_BYOL_NOT_FINITE', /1 of 1/);
  await refuses(
    () => own.write(0, Float32Array.of(5), Int32Array.of(0)),
    'ERR_BYOL_SHAPE',
    /^features must have 1 rows/,
  );
  await refuses(() => own.write(2, new Float32Array(4), Int32Array.of(0, 0)), 'ERR_BYOL_SHAPE', /do not fit/);
  assert.deepEqual([...(await own.read(0, 3))], [0, 0, 1, 2, 3, 4]);
  own.dispose();
});

test('a step compares two views', async () => {
  const [first] = step.views;
  for (const views of [[], [first], [first, first, first]]) {
    const message = new RegExp(`^step\\.views must have 2 views.*got ${views.length}`);
    await refuses(() => learner.step({ ...step, views: loose(views) }), 'ERR_BYOL_USAGE', message);
  }
});

function detached(array: Float32Array): Float32Array {
  const copy = array.slice();
  structuredClone(copy, { transfer: [copy.buffer] });
  return copy;
}

test('labels that the learner has no class for', async () => {
  const two = new native.Learner({ ...learnerSpec, classes: 2 });
  await refuses(() => two.step(step), 'ERR_BYOL_VALUE', /^step\.images has labels up to 2, .* made for 2 classes/);
  const none = new native.Learner({ ...learnerSpec, classes: 0 });
  assert.equal((await none.step(step)).total > 0, true);
});

test('an object of another class, even in disguise', async () => {
  const disguised = makeImages(native, 4);
  Object.setPrototypeOf(disguised, native.FeatureBank.prototype);
  for (const wrong of [images, disguised, Object.create(native.FeatureBank.prototype), {}, null, new Proxy(bank, {})]) {
    await refuses(
      () => new native.KnnClassifier(loose(wrong), knnRule),
      'ERR_BYOL_VALUE',
      /^queries must be a native FeatureBank/,
    );
  }
  await refuses(
    () => learner.step({ ...step, images: loose(bank) }),
    'ERR_BYOL_VALUE',
    /^step\.images must be a native Im/,
  );
  await refuses(() => probe.evaluate(loose(images)), 'ERR_BYOL_VALUE', /^bank must be a native FeatureBank/);

  const getterOf = (prototype: object, name: string) =>
    Object.getOwnPropertyDescriptor(prototype, name)?.get as () => unknown;
  const borrowed = [
    getterOf(native.FeatureBank.prototype, 'size'),
    getterOf(native.Learner.prototype, 'features'),
    getterOf(native.Learner.prototype, 'stepCount'),
  ];
  for (const getter of borrowed) {
    await refuses(() => getter.call(images), 'ERR_BYOL_VALUE', /^this must be a native /);
  }
  assert.throws(() => native.Learner.prototype.readMetrics.call(loose(images)), TypeError);
  assert.throws(() => (native.Learner as unknown as (spec: object) => void)(learnerSpec), TypeError);
});

test("an exception of the caller's own passes through", () => {
  class Mine extends Error {}
  const trap = {
    ...step,
    get tau(): number {
      throw new Mine();
    },
  };
  assert.throws(() => learner.step(trap), Mine);
});

test("'cuda' without CUDA says why", {
  skip: native.info().cudaDevices > 0 ? 'this machine has CUDA' : false,
}, async () => {
  for (const device of ['cuda', 'cuda:0', 'cuda:99']) {
    await refuses(
      () => new native.Learner({ ...learnerSpec, device }),
      'ERR_BYOL_CUDA_UNAVAILABLE',
      /cannot be used: ./,
    );
    await refuses(() => new native.FeatureBank(1, 1, device), 'ERR_BYOL_CUDA_UNAVAILABLE', /cannot be used: ./);
  }
});

test('a plan row that cannot be carried out rejects, and the learner is as before', async () => {
  const before = await learner.stepCount;
  for (const [column, bad] of [
    [0, Number.NaN],
    [2, 9],
    [4, 0.5],
    [5, 24],
    [11, Number.POSITIVE_INFINITY],
  ] as const) {
    const plan = plan2.slice();
    plan[13 * 2 + column] = bad;
    const spoilt = withPlans(step, [plan1, plan]);
    await refuses(() => learner.step(spoilt), 'ERR_BYOL_VALUE', /row 2: /);
  }
  assert.equal(await learner.stepCount, before);
  await learner.step(step);
  assert.equal(await learner.stepCount, before + 1);
});

test('disposed objects, any number of times', async () => {
  const gone = {
    images: makeImages(native, 4),
    bank: new native.FeatureBank(4, 8, 'cpu'),
    learner: new native.Learner(learnerSpec),
    probe: new native.LinearProbe(probeSpec),
  };
  for (const object of Object.values(gone)) {
    object.dispose();
    object.dispose();
    object[Symbol.dispose]();
  }
  const uses: Array<() => unknown> = [
    () => gone.images.size,
    () => gone.images.labelled,
    () => gone.bank.dimension,
    () => gone.bank.read(0, 1),
    () => gone.learner.features,
    () => gone.learner.stepCount,
    () => gone.learner.readMetrics(),
    () => gone.learner.step(step),
    () => gone.learner.save('nowhere', {}),
    () => learner.step({ ...step, images: gone.images }),
    () => learner.embed(embedInput(images, gone.bank, 4)),
    () => gone.probe.evaluate(bank),
    () => probe.evaluate(gone.bank),
    () => new native.KnnClassifier(gone.bank, knnRule),
    () => new native.KnnClassifier(bank, knnRule).add(gone.bank),
  ];
  for (const use of uses) await refuses(use, 'ERR_BYOL_DISPOSED', /^This \w+ was disposed of/);
});

test('what is asked for is what is there', async () => {
  assert.deepEqual([images.size, images.labelled], [4, true]);
  assert.equal(unlabelled.labelled, false);
  assert.deepEqual([bank.size, bank.dimension, learner.features], [4, 8, 8]);
  assert.equal((await bank.read(1, 3)).length, 16);
  assert.equal((await bank.read(2, 2)).length, 0);
  native.setThreads(2);
  assert.equal(native.info().threads, 2);
  native.setThreads(1);
  assert.equal(native.info().threads, 1);
});
