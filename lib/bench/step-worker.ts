/**
 * node step-worker.js: our side of the bench. Reads a StepSpec, then commands, a line each, and answers with a line of JSON: the steps
 * are those of a training on images in memory, drawn, queued and executed as lib/train does it.
 */
import { randomFillSync } from 'node:crypto';
import { createInterface } from 'node:readline';
import { datasetFromArrays } from '../data/from-arrays.js';
import { takeData } from '../data/given-data.js';
import { openResources, type TrainingResources } from '../train/resources.js';
import { stepInput } from '../train/step-input.js';
import { StepQueue } from '../train/step-queue.js';
import { CLASSES, imageSide, type StepSpec } from './step-spec.js';

/** More would only take memory: no step is faster for having seen its images before. */
const IMAGES = 1024;
const STEPS_IN_FLIGHT = 2;

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

/** Done so many, from the beginning again where the training would be over. */
let done = 0;

/** Seconds of each step, from the end of the one before it, and of its views. */
async function run(resources: TrainingResources, steps: number): Promise<[seconds: number, augment: number][]> {
  const { learner, schedule } = resources;
  const queue = new StepQueue(STEPS_IN_FLIGHT);
  const times: [number, number][] = [];
  let before = performance.now();
  for (let left = steps; left > 0; left -= 1) {
    const input = await stepInput(resources, done % schedule.steps);
    done += 1;
    await queue.add(
      () => learner.step(input),
      ({ augment }) => {
        const now = performance.now();
        times.push([(now - before) / 1000, augment]);
        before = now;
      },
    );
  }
  await queue.drain();
  return times;
}

async function answer(resources: TrainingResources, command: string, words: readonly string[]): Promise<unknown> {
  switch (command) {
    case 'run':
      return run(resources, Number(words[0]));
    case 'memory':
      return process.memoryUsage.rss();
    case 'profile':
      return resources.learner.profileStep(await stepInput(resources, done % resources.schedule.steps));
    default:
      throw new Error(`${command} is no command.`);
  }
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
