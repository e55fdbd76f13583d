import { drawPlanInSlices } from '../augment/plan.js';
import { type DrawnView, type DrawRows, takeImages } from '../augment/take-images.js';
import { viewSpec } from '../augment/view-spec.js';
import type { StepInput } from '../binding/native.js';
import { Breather } from '../breather.js';
import { sizesOf } from '../data/dataset.js';
import { pipelineView } from '../random/purposes.js';
import type { TrainingResources } from './resources.js';

/** An input whose images are in native memory until they are let go of. */
export interface TakenStepInput {
  readonly input: StepInput;
  /** Lets go of the images; a learner that was given the step before still has them. */
  release(): void;
}

/** Everything that decides the 0-based optimiser step, beside the learner's state: which images, their views, rates. */
export async function stepInput(resources: TrainingResources, step: number): Promise<TakenStepInput> {
  const { train, sampler, schedule, config } = resources;
  const { views, seed } = config;
  const breather = new Breather();
  const indices = await sampler.indices(step, breather);
  const samples = await sampler.draws(step, breather);
  const epoch = sampler.epochs.epochOf(step);
  const spec = viewSpec(views);
  const drawn = views.pipelines.map((pipeline, index): DrawnView => {
    const view = pipelineView(index);
    const draw: DrawRows = (images) =>
      drawPlanInSlices(
        { pipeline, view, seed, epoch, samples, ...sizesOf(train, images), jitter: views.jitter },
        breather,
      );
    return { spec, draw };
  });
  const taken = await takeImages(train, indices, drawn);
  const { supervisedLabels } = resources;
  return {
    input: {
      images: taken.store,
      indices: taken.indices,
      microBatches: config.accumulate,
      views: taken.plans.map((plan) => ({ plan, spec })),
      learningRate: schedule.learningRate(step),
      tau: schedule.tau(step),
      projectorRate: config.optimizer.projectorLearningRateScale,
      predictorRate: schedule.predictorRate(step),
      objectiveWeight: schedule.objectiveWeight(step),
      supervisedLabels: supervisedLabels && taken.images.map((image) => supervisedLabels[image] ?? -1),
    },
    release: () => taken.release(),
  };
}
