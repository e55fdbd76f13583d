/** Images per second beside other work on the machine: with the number of threads that follows it, and with given ones. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { drawPlan } from '../lib/augment/plan.js';
import { viewSpec } from '../lib/augment/view-spec.js';
import { loadNative } from '../lib/binding/load.js';
import type { NativeLearner, NativeModule, StepInput } from '../lib/binding/native.js';
import { presets } from '../lib/config/presets/index.js';
import { imagesInMemory, type TakenImages } from '../lib/data/images.js';
import { generateShapes } from '../lib/data/kinds/shapes/generate.js';
import { learnerSpec, resolvePrecision } from '../lib/methods/learner-spec.js';
import { availableCores } from '../lib/train/available-cores.js';
import { useThreads } from '../lib/train/threads.js';

const BUSY = [0, 1, 2, 4] as const;
const ROUNDS = 2;
const BATCH = 64;
/** Seconds of steps that are timed, after some that are not: the number of threads has to settle. */
const SETTLE = 5;
const TIMED = 8;

export interface LoadRow {
  /** Processes that only compute, in the same session, so that the system gives each as much as each of our threads. */
  readonly busy: number;
  /** 0: follows the other work (the default). */
  readonly threads: number;
  /** Images per second of whole steps with augmentation; median, smallest and largest of the rounds. */
  readonly imagesPerSecond: { readonly median: number; readonly min: number; readonly max: number };
  /** Of the best given number of threads beside the same processes; by the medians. */
  readonly ofBest: number;
}

export interface LoadBench {
  readonly what: string;
  readonly cores: number;
  readonly rounds: number;
  readonly rows: readonly LoadRow[];
}

export async function benchLoad(): Promise<LoadBench> {
  const native = loadNative();
  const { learner, step } = await trainer(native);
  const cores = availableCores();
  // 0, then 1, 2, 4, ... and all cores: what automatic used to mean.
  const given = [...new Set([1, 2, 4, 8, 16, 32, 64].filter((threads) => threads < cores)), cores];
  const speeds = new Map<string, number[]>();
  // Round by round, so that a machine that changes does so for all.
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const busy of BUSY) {
      const processes = startBusy(busy);
      try {
        for (const threads of [0, ...given]) {
          const speed = await imagesPerSecond(native, learner, step, threads);
          const key = `${busy} ${threads}`;
          speeds.set(key, [...(speeds.get(key) ?? []), speed]);
          console.log(`  ${busy} busy, threads ${threads}: ${speed.toFixed(0)} images/s`);
        }
      } finally {
        for (const process of processes) process.kill();
      }
    }
  }
  learner.dispose();
  step.images.dispose();
  const median = (busy: number, threads: number): number => sorted(speeds.get(`${busy} ${threads}`))[1] as number;
  const rows = BUSY.flatMap((busy) => {
    const best = Math.max(...given.map((threads) => median(busy, threads)));
    return [0, ...given].map((threads): LoadRow => {
      const all = sorted(speeds.get(`${busy} ${threads}`));
      const imagesPerSecond = { median: all[1] as number, min: all[0] as number, max: all[2] as number };
      return { busy, threads, imagesPerSecond, ofBest: imagesPerSecond.median / best };
    });
  });
  return { what: `preset shapes, batches of ${BATCH}`, cores, rounds: ROUNDS, rows };
}

function sorted(values: readonly number[] = []): number[] {
  return [...values].sort((a, b) => a - b);
}

function startBusy(count: number): ChildProcess[] {
  return Array.from({ length: count }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
}

async function imagesPerSecond(
  native: NativeModule,
  learner: NativeLearner,
  step: StepInput,
  threads: number,
): Promise<number> {
  const used = useThreads(native, { threads });
  try {
    await steps(learner, step, SETTLE);
    return await steps(learner, step, TIMED);
  } finally {
    used.dispose();
    // What the last step left running comes to rest.
    await setTimeout(200);
  }
}

/** Whole steps for at least so many seconds; returns images per second. */
async function steps(learner: NativeLearner, step: StepInput, seconds: number): Promise<number> {
  const start = performance.now();
  let images = 0;
  let elapsed = 0;
  while (elapsed < seconds) {
    await learner.step(step);
    images += BATCH;
    elapsed = (performance.now() - start) / 1000;
  }
  return images / elapsed;
}

async function trainer(native: NativeModule): Promise<{ learner: NativeLearner; step: StepInput }> {
  const config = presets.shapes;
  const { size } = config.views;
  const precision = resolvePrecision('auto', 'cpu', native.info());
  const learner = new native.Learner(learnerSpec(config, { device: 'cpu', precision }, 10));
  const { train } = await generateShapes({ trainImages: BATCH, testImages: 1, size, seed: 0 });
  const indices = Int32Array.from({ length: BATCH }, (_, i) => i);
  const { store: images } = (await imagesInMemory(native, train).take({
    indices,
    boxes: [],
    shrinkTo: null,
  })) as TakenImages;
  const view = viewSpec(config.views);
  const plan = (number: 0 | 1): Float32Array =>
    drawPlan({
      pipeline: config.views.pipelines[number],
      view: number,
      seed: 0,
      epoch: 0,
      samples: indices,
      heights: size,
      widths: size,
      jitter: config.views.jitter,
    });
  const step = {
    images,
    indices,
    microBatches: 1,
    views: [
      { plan: plan(0), spec: view },
      { plan: plan(1), spec: view },
    ],
    learningRate: 0.05,
    tau: 0.99,
    projectorRate: 1,
    predictorRate: 1,
    objectiveWeight: 1,
    supervisedLabels: null,
  };
  return { learner, step };
}
