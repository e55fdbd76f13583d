/**
 * node step-worker.js: our side of the bench. Reads a StepSpec, then commands, a line each, and answers with a line of JSON: the steps
 * are those of a training on images in memory, drawn, queued and executed as lib/train does it.
 */
import { randomFillSync } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { DeviceFacts, DeviceRates, Execution, StepTimes } from '../binding/native.js';
import { datasetFromArrays } from '../data/from-arrays.js';
import { takeData } from '../data/given-data.js';
import { learnerSpec } from '../methods/learner-spec.js';
import type { StepParts } from '../metrics/definitions.js';
import { openResources, type TrainingResources } from '../train/resources.js';
import { stepInput } from '../train/step-input.js';
import { StepQueue } from '../train/step-queue.js';
import { type Floor, stepFloor } from './floor.js';
import { median } from './spread.js';
import { CLASSES, imageSide, type StepSpec } from './step-spec.js';

/** What the side says at the end of the steps that counted. */
export interface StepFacts {
  readonly device: DeviceFacts;
  readonly execution: Execution;
  /** Seconds, medians. */
  readonly parts: StepParts;
  /** Floating-point operations of a step. */
  readonly flop: number;
  readonly rates: DeviceRates;
  readonly floor: Floor;
}

/** More would only take memory: no step is faster for having seen its images before. */
const IMAGES = 1024;

async function open({ config, device, precision, threads }: StepSpec): Promise<TrainingResources> {
  const count = Math.max(IMAGES, config.batchSize * config.accumulate);
  const side = imageSide(config.views.size);
  const data = datasetFromArrays({
    name: 'noise',
    pixels: randomFillSync(new Uint8Array(count * side * side * 3)),
    height: side,
    width: side,
    labels: Array.from({ length: count }, (_, image) => image % CLASSES),
  });
  const given = await takeData(data);
  const asked = { ...config, device, precision, threads, data: given.config } as typeof config;
  return openResources(asked, { given });
}

/** Of the steps after the first request for memory, which ends the warm-up: the time by parts, and the wall clock's. */
let counted: { readonly times: StepTimes; readonly wall: number }[] = [];

let warm = false;

/** Done so many, from the beginning again where the training would be over. */
let done = 0;

/**
 * Seconds of each step, from the end of the one before it, and without its views: on a device by the same clock, since launching is
 * part of a step there; on the CPU those in which LibTorch computed, as Python measures them.
 */
async function run(resources: TrainingResources, steps: number): Promise<[seconds: number, network: number][]> {
  const { learner, schedule, resolved } = resources;
  const queue = new StepQueue(learner.stepsInFlight);
  const times: [number, number][] = [];
  let before = performance.now();
  for (let left = steps; left > 0; left -= 1) {
    const { input, release } = await stepInput(resources, done % schedule.steps);
    done += 1;
    await queue.add(
      () => learner.step(input),
      (told) => {
        const now = performance.now();
        const wall = (now - before) / 1000;
        times.push([wall, (resolved.device === 'cpu' ? told.total : wall) - told.augment]);
        counted.push({ times: told, wall });
        before = now;
      },
    );
    release();
  }
  await queue.drain();
  return times;
}

async function answer(resources: TrainingResources, command: string, words: readonly string[]): Promise<unknown> {
  switch (command) {
    case 'run':
      return run(resources, Number(words[0]));
    case 'memory':
      if (!warm) counted = [];
      warm = true;
      return (await resources.native.deviceMemory(resources.resolved.device)).peak;
    case 'facts':
      return factsOf(resources);
    case 'profile':
      return resources.learner.profileStep((await stepInput(resources, done % resources.schedule.steps)).input);
    default:
      throw new Error(`${command} is no command.`);
  }
}

async function factsOf({ native, resolved, learner, config, sampler, flop }: TrainingResources): Promise<StepFacts> {
  const { device, precision } = resolved;
  const rates = await native.deviceRates(device, precision);
  const spec = learnerSpec(config, resolved, CLASSES);
  const heads = [spec.projector, ...(spec.predictor?.kind === 'mlp' ? [spec.predictor] : [])];
  let [parameters, input] = [learner.encoderParameters, learner.features];
  for (const { hidden, output } of heads) {
    for (const width of [...hidden, output]) {
      parameters += input * width;
      input = width;
    }
  }
  const size = { spec, size: config.views.size, batch: sampler.rows, flop, parameters };
  const part = (of: (step: (typeof counted)[number]) => number): number => median(counted.map(of));
  return {
    device: await native.deviceFacts(device),
    execution: await learner.execution(),
    parts: {
      data: part(({ times, wall }) => Math.max(0, wall - times.total)),
      augment: part(({ times }) => times.augment),
      forward: part(({ times }) => times.forward),
      backward: part(({ times }) => times.backward),
      update: part(({ times }) => times.update),
    },
    flop,
    rates,
    floor: stepFloor(size, rates),
  };
}

let resources: TrainingResources | undefined;
try {
  for await (const line of createInterface({ input: process.stdin })) {
    const [command = '', ...words] = line.split(' ');
    if (resources !== undefined) console.log(JSON.stringify(await answer(resources, command, words)));
    else {
      resources = await open(JSON.parse(line) as StepSpec);
      console.log(JSON.stringify({ parameters: resources.learner.encoderParameters }));
    }
  }
} catch (error) {
  // Who asked reads the last line.
  console.error((error as Error).stack);
  console.error((error as Error).message.replaceAll('\n', ' '));
  process.exitCode = 1;
} finally {
  resources?.dispose();
  // What is still to be read would keep the process.
  process.stdin.destroy();
}
