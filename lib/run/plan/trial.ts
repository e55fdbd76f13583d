import type { TrainingResources } from '../../train/resources.js';
import { trainSteps } from '../../train/steps.js';

/** What some real steps took. */
export interface Trial {
  /** Images of a step. */
  readonly images: number;
  /** Steps that were measured, after those that warm up. */
  readonly steps: number;
  /** Of a step, decoding and views included. */
  readonly seconds: number;
  /** The most bytes that were held meanwhile: by tensors on a device, on the CPU by the whole process. */
  readonly memory: number;
}

/** A device searches its convolutions and captures a graph; a CPU measures the forms of its convolutions. */
const WARM_UP = { cpu: 1, cuda: 6 } as const;

/**
 * Steps as the run would take them, until `seconds` are over: one at least, all of the run's at most. They change the learner.
 * `onStep`: images of the steps done, and the part of the time that is over.
 */
export async function tryRealSteps(
  resources: TrainingResources,
  seconds: number,
  signal: AbortSignal | undefined,
  onStep: (images: number, part: number) => void,
): Promise<Trial> {
  const { native, resolved, sampler, schedule } = resources;
  const { device } = resolved;
  // A run of two steps has one to measure.
  const warmUp = Math.min(device === 'cpu' ? WARM_UP.cpu : WARM_UP.cuda, schedule.steps - 1);
  const enough = new AbortController();
  let began = performance.now();
  let ended = began;
  let done = 0;
  await native.deviceMemory(device);
  const stepDone = (step: number): void => {
    done = step;
    ended = performance.now();
    if (step <= warmUp) began = ended;
    const part = (ended - began) / 1000 / seconds;
    onStep(step * sampler.rows, Math.min(1, part));
    if (part >= 1) enough.abort();
  };
  const stop = signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]);
  for await (const _ of trainSteps(resources, { signal: stop, stepDone }));
  signal?.throwIfAborted();
  const steps = done - warmUp;
  return {
    images: sampler.rows,
    steps,
    seconds: (ended - began) / 1000 / steps,
    memory: (await native.deviceMemory(device)).peak,
  };
}

/** A step of so many images, as two trials of fewer let expect it. */
export function extrapolate(small: Trial, large: Trial, images: number): Trial {
  const along = (of: (trial: Trial) => number): number => {
    const slope = (of(large) - of(small)) / Math.max(1, large.images - small.images);
    return of(large) + Math.max(0, slope) * (images - large.images);
  };
  // Larger steps are no slower for each of their images.
  const seconds = (large.seconds / large.images) * images;
  return { images, steps: 0, seconds, memory: along(({ memory }) => memory) };
}
