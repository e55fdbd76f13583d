import path from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Config } from '../../lib/config/schema.js';
import { train } from '../../lib/run/train.js';
import { openResources } from '../../lib/train/resources.js';
import { stepInput } from '../../lib/train/step-input.js';
import { linkPhotos, photoConfig } from './folder.js';

const SIZE = 64;
const BATCH = 64;
const EPOCHS = 3;
const TIMES = 6;
/** Steps of each kind that are timed before the run, and again after it. */
const STEPS = 12;

export interface PhotoRunBench {
  readonly what: string;
  readonly images: number;
  readonly epochs: number;
  readonly imagesPerSecond: number;
  /** Of a photo, in milliseconds: a step on photos that are in memory; reading, decoding and drawing plans. */
  readonly stepMilliseconds: number;
  readonly decodeMilliseconds: number;
  /** The run's images per second of those that both times together would give. */
  readonly ofStepAndDecode: number;
  /** Resident memory in MiB at the end of each epoch. */
  readonly residentMiB: readonly number[];
}

/** A run of a small network on photos beside its parts, measured alone before and after it. */
export async function benchPhotoRun(files: readonly string[], dir: string): Promise<PhotoRunBench> {
  const folder = path.join(dir, 'run-photos');
  linkPhotos(files, folder, TIMES);
  const base = photoConfig(folder, { batchSize: BATCH, epochs: EPOCHS });
  const config: Config = { ...base, views: { ...base.views, size: SIZE } };
  const before = await parts(config);
  const { imagesPerSecond, residentMiB } = await wholeRun(config, path.join(dir, 'run'));
  const after = await parts(config);
  const stepMilliseconds = (before.step + after.step) / 2;
  const decodeMilliseconds = (before.decode + after.decode) / 2;
  return {
    what: `preset shapes on photos, views of ${SIZE} pixels, batches of ${BATCH}`,
    images: files.length * TIMES,
    epochs: EPOCHS,
    imagesPerSecond,
    stepMilliseconds,
    decodeMilliseconds,
    ofStepAndDecode: (imagesPerSecond * (stepMilliseconds + decodeMilliseconds)) / 1000,
    residentMiB,
  };
}

/** Milliseconds a photo. */
async function parts(config: Config): Promise<{ readonly step: number; readonly decode: number }> {
  const resources = await openResources(config);
  try {
    const { learner } = resources;
    const { input, release } = await stepInput(resources, 0);
    for (let i = 0; i < 3; i += 1) await learner.step(input);
    let start = performance.now();
    for (let i = 0; i < STEPS; i += 1) await learner.step(input);
    const step = (performance.now() - start) / STEPS / BATCH;
    release();
    start = performance.now();
    for (let i = 1; i <= STEPS; i += 1) (await stepInput(resources, i)).release();
    return { step, decode: (performance.now() - start) / STEPS / BATCH };
  } finally {
    resources.dispose();
  }
}

async function wholeRun(
  config: Config,
  folder: string,
): Promise<{ readonly imagesPerSecond: number; readonly residentMiB: readonly number[] }> {
  const residentMiB: number[] = [];
  // Between the first and the last reading: what comes before is opening files and finding the fastest convolutions.
  const readings: Array<{ readonly step: number; readonly at: number }> = [];
  const run = train(config, { folder });
  for await (const event of run) {
    if (event.type === 'step') readings.push({ step: event.step, at: performance.now() });
    if (event.type === 'epoch') residentMiB.push(Math.round(process.memoryUsage.rss() / 2 ** 20));
  }
  await run.result;
  const [first, last] = [readings[0], readings.at(-1)];
  if (first === undefined || last === undefined) throw new Error('The run told no step.');
  return { imagesPerSecond: ((last.step - first.step) * BATCH * 1000) / (last.at - first.at), residentMiB };
}
