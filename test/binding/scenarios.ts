/**
 * What a process may do while the addon works, one scenario a process: `node scenarios.js NAME [ARGUMENT]`. Run by the tests
 * beside this file, because a mistake may end the process.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { loadNative } from '../../lib/binding/load.js';
import type { NativeLearner, StepInput } from '../../lib/binding/native.js';
import { identityPlan } from '../support/plans.js';
import { equallySized } from '../support/stores.js';
import { learnerSpec, makeImages, probeSpec, stepInput, view, wider } from './small.js';

declare const gc: () => void;

/** A learner and a step that takes a second or so, and thus is in progress whenever something happens to it. */
function slowLearner(): { learner: NativeLearner; step: StepInput } {
  const native = loadNative();
  native.setThreads(1);
  const images = makeImages(native, 128, 32);
  return { learner: new native.Learner(wider(16)), step: stepInput(images, 128, 32) };
}

function smallLearner(): { learner: NativeLearner; step: StepInput } {
  const native = loadNative();
  native.setThreads(1);
  return { learner: new native.Learner(learnerSpec), step: stepInput(makeImages(native, 16), 16) };
}

/** Queues steps and, behind them, a file: if it is ever written, the queue was not dropped. */
function queueWithFile(file: string): void {
  const { learner, step } = slowLearner();
  for (let i = 0; i < 10; i += 1) void learner.step(step);
  void learner.save(file, {});
}

/** Commands that take minutes, of many short parts. */
const longWork: Record<string, () => void> = {
  executor() {
    const native = loadNative();
    native.setThreads(1);
    const rows = 400_000;
    const plan = identityPlan(1, 8, 8);
    const plans = new Float32Array(rows * plan.length);
    for (let i = 0; i < rows; i += 1) plans.set(plan, i * plan.length);
    void native.executePlan({
      ...{
        images: makeImages(native, 1),
        indices: new Int32Array(rows),
        plan: plans,
        view: { ...view, antialias: true },
      },
      ...{ executor: 'reference', dtype: 'float32', threads: 1, device: 'cpu' },
    });
  },
  step() {
    const native = loadNative();
    native.setThreads(1);
    const deep = { ...learnerSpec, encoder: { ...learnerSpec.encoder, width: 16, blocks: [500, 250] } };
    void new native.Learner(deep).step(stepInput(makeImages(native, 512, 16), 512, 16));
  },
};

function inWorker(body: string, argument?: string): Worker {
  return new Worker(new URL(import.meta.url), { workerData: { body, argument } });
}
const exitOf = (worker: Worker): Promise<number> => new Promise((resolve) => worker.once('exit', resolve));
const messageOf = (worker: Worker): Promise<unknown> => new Promise((resolve) => worker.once('message', resolve));

const workerBodies: Record<string, (argument: string) => Promise<unknown>> = {
  async steps() {
    const { learner, step } = smallLearner();
    await Promise.all(Array.from({ length: 5 }, () => learner.step(step)));
    parentPort?.postMessage(await learner.stepCount);
  },
  async longWork(name) {
    longWork[name]?.();
    await setTimeout(500);
    parentPort?.postMessage('queued');
  },
  async queue(file) {
    queueWithFile(file);
    await setTimeout(50);
    parentPort?.postMessage('queued');
  },
  async exit() {
    const { learner, step } = slowLearner();
    for (let i = 0; i < 10; i += 1) void learner.step(step);
    await setTimeout(50);
    process.exit(3);
  },
  async threads() {
    const native = loadNative();
    const codes: unknown[] = [];
    for (const threads of [1, 2]) {
      try {
        native.setThreads(threads);
        codes.push('set');
      } catch (error) {
        codes.push((error as { code?: string }).code);
      }
    }
    parentPort?.postMessage(codes);
  },
};

const scenarios: Record<string, (argument: string) => Promise<void>> = {
  /** Without the loader's patience: LibTorch's static destructors would run under the step. */
  async 'exit that does not wait'() {
    const { learner, step } = slowLearner();
    process.removeAllListeners('exit');
    process.on('exit', () => loadNative().shutdown(1));
    for (let i = 0; i < 10; i += 1) void learner.step(step);
    await setTimeout(100);
    process.exit(7);
  },
  /** Waits for hours, if the step does not give up between its micro-batches. */
  async 'exit in a long step'() {
    const { learner, step } = slowLearner();
    process.removeAllListeners('exit');
    process.on('exit', () => loadNative().shutdown(3_600_000));
    const repeats = 1000;
    const repeat = <T extends Int32Array | Float32Array>(array: T): T => {
      const out = new (array.constructor as new (length: number) => T)(array.length * repeats);
      for (let i = 0; i < repeats; i += 1) out.set(array, i * array.length);
      return out;
    };
    void learner.step({
      ...step,
      microBatches: repeats,
      indices: repeat(step.indices),
      views: step.views.map(({ plan, spec }) => ({ plan: repeat(plan), spec })),
    });
    await setTimeout(100);
    process.exit(7);
  },
  ...Object.fromEntries(
    Object.entries(longWork).flatMap(([name, start]) => [
      [
        `exit in a long ${name}`,
        async () => {
          loadNative();
          process.removeAllListeners('exit');
          process.on('exit', () => loadNative().shutdown(3_600_000));
          start();
          await setTimeout(500);
          process.exit(7);
        },
      ],
      [
        `a worker in a long ${name}`,
        async () => {
          const worker = inWorker('longWork', name);
          await messageOf(worker);
          console.log(await worker.terminate());
        },
      ],
    ]),
  ),
  async 'exit with a queue'(file) {
    queueWithFile(file);
    await setTimeout(100);
    process.exit(7);
  },
  async 'use while exiting'() {
    const { learner, step } = smallLearner();
    process.on('exit', () => {
      for (const use of [
        () => learner.step(step),
        () => makeImages(loadNative(), 1),
        () => new (loadNative().Learner)(learnerSpec),
      ]) {
        try {
          use();
          console.log('accepted');
        } catch (error) {
          console.log((error as { code?: string }).code);
        }
      }
      learner.dispose();
    });
    process.exit(7);
  },
  async 'first use while exiting'() {
    loadNative();
    process.on('exit', () => {
      try {
        makeImages(loadNative(), 1);
      } catch (error) {
        console.log((error as { code?: string }).code);
      }
    });
  },
  async 'nobody handles a rejection'() {
    const { learner, step } = smallLearner();
    void learner.step({ ...step, indices: new Int32Array(16).fill(99) });
  },
  async 'nothing in flight'() {
    smallLearner();
  },
  async 'workers that are terminated'(file) {
    const own = smallLearner();
    for (let round = 0; round < 5; round += 1) {
      const worker = inWorker('queue', file);
      await messageOf(worker);
      void own.learner.step(own.step);
      await worker.terminate();
    }
    await own.learner.step(own.step);
    console.log(await own.learner.stepCount);
  },
  async 'workers that end by themselves'() {
    for (let round = 0; round < 3; round += 1) {
      const worker = inWorker('steps');
      const [steps, code] = await Promise.all([messageOf(worker), exitOf(worker)]);
      console.log(steps, code);
    }
  },
  async 'two workers at once'() {
    const workers = [inWorker('steps'), inWorker('steps')];
    console.log(...(await Promise.all(workers.flatMap((worker) => [messageOf(worker), exitOf(worker)]))));
  },
  async 'a worker that exits'() {
    console.log(await exitOf(inWorker('exit')));
  },
  async 'exit while a worker works'(file) {
    const worker = inWorker('queue', file);
    await messageOf(worker);
    process.exit(7);
  },
  async 'threads of two environments'() {
    const { learner, step } = smallLearner();
    const worker = inWorker('threads');
    console.log(JSON.stringify(await messageOf(worker)));
    await exitOf(worker);
    loadNative().setThreads(2); // alone again
    await learner.step(step);
    console.log(loadNative().info().threads);
  },

  /** Prints by how many MiB resident memory grew over 1,000 steps. */
  async 'memory of steps'() {
    const { learner, step } = smallLearner();
    const run = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 10) {
        await Promise.all(
          Array.from({ length: 10 }, () =>
            learner.step({ ...step, views: step.views.map(({ plan, spec }) => ({ plan: plan.slice(), spec })) }),
          ),
        );
      }
      await learner.readMetrics();
    };
    await run(200);
    gc();
    const before = process.memoryUsage.rss();
    await run(1000);
    gc();
    console.log((process.memoryUsage.rss() - before) / 2 ** 20);
  },
  /** Prints the peak of resident memory in MiB after 3 GiB of stores that nobody disposed of. */
  async 'memory of forgotten stores'() {
    const native = loadNative();
    const side = 512;
    const pixels = new Uint8Array(side * side * 3 * 16).fill(1);
    for (let i = 0; i < 256; i += 1) {
      equallySized(native, pixels, 16, side, side);
      await setImmediate(); // finalizers run between turns of the event loop
    }
    console.log(process.resourceUsage().maxRSS / 1024);
  },
  /** Prints the same peak after learners of 20 MiB that were disposed of. */
  async 'memory of learners'() {
    const native = loadNative();
    for (let i = 0; i < 40; i += 1) {
      const learner = new native.Learner(wider(128));
      await learner.stepCount; // it is there
      learner.dispose();
    }
    console.log(process.resourceUsage().maxRSS / 1024);
  },
  /** Prints, for each class, how many of 200 forgotten objects of 20 MiB were collected, and last of 200 small ones. */
  async 'forgotten objects'() {
    const { learner, step } = slowLearner();
    void learner.step(step); // what is forgotten behind it is never made
    const native = loadNative();
    const pixels = new Uint8Array(512 * 512 * 3 * 25);
    const makers: Array<() => object> = [
      () => equallySized(native, pixels, 25, 512, 512),
      () => new native.FeatureBank(50_000, 100, 'cpu'),
      () => new native.Learner(wider(128)),
      () => new native.LinearProbe({ ...probeSpec, features: 5000, classes: 300 }),
      () => new native.FeatureBank(1, 1, 'cpu'),
    ];
    const collected = makers.map(() => 0);
    const registry = new FinalizationRegistry<number>((i) => {
      collected[i] = (collected[i] as number) + 1;
    });
    for (const [i, make] of makers.entries()) {
      // A collection that the large ones before have begun ends among these.
      for (let j = 0; j < 200; j += 1) await setImmediate();
      for (let j = 0; j < 200; j += 1) {
        registry.register(make(), i);
        await setImmediate(); // finalizers run between turns of the event loop
      }
    }
    console.log(JSON.stringify(collected));
    process.exit();
  },
  /** Prints the number of threads before and after a store whose labels LibTorch would fill in on several of them. */
  async 'threads of the process'() {
    const native = loadNative();
    native.setThreads(4);
    const count = (): number => readdirSync('/proc/self/task').length;
    const bank = new native.FeatureBank(50_000, 4, 'cpu');
    await bank.read(0, 50_000);
    const before = count();
    const store = equallySized(native, new Uint8Array(50_000 * 12), 50_000, 2, 2);
    await bank.read(0, 1);
    console.log(JSON.stringify([before, count()]));
    store.dispose();
  },
  async 'an error class that throws'() {
    const { learner, step } = smallLearner();
    loadNative().setErrorClass(
      class {
        constructor() {
          throw new Error('mine');
        }
      } as never,
    );
    const refused = { ...step, indices: new Int32Array(16).fill(99) };
    const [first, second, third] = await Promise.allSettled([
      learner.step(refused),
      learner.step(refused),
      learner.step(step),
    ]);
    const reason = (result: PromiseSettledResult<unknown>): unknown =>
      result.status === 'rejected' ? (result.reason as Error).message : 'none';
    console.log(reason(first), reason(second), third.status === 'fulfilled');
  },
  /** A step in the user's cache of this folder; what was computed how is saved there. */
  async 'choice of convolutions'(folder) {
    process.env.BYOL_CACHE = path.join(folder, 'cache');
    const native = loadNative();
    native.setThreads(1);
    const learner = new native.Learner(wider(64));
    const step = stepInput(makeImages(native, 16, 16), 16, 16);
    await learner.step(step);
    await learner.save(path.join(folder, 'state.safetensors'), {});
  },
};

if (isMainThread) {
  const [name = '', argument = ''] = process.argv.slice(2);
  await scenarios[name]?.(argument);
} else {
  const { body, argument } = workerData as { body: string; argument: string };
  await workerBodies[body]?.(argument);
}
