import { drawPlanInSlices } from '../augment/plan.js';
import { viewSpec } from '../augment/view-spec.js';
import type { StepInput, StepView } from '../binding/native.js';
import { Breather } from '../breather.js';
import { sizesOf } from '../data/dataset.js';
import { pipelineView } from '../random/purposes.js';
import type { TrainingResources } from './resources.js';

/** Everything that decides the 0-based optimiser step, beside the learner's state: which images, their views, rates. */
export async function stepInput(resources: TrainingResources, step: number): Promise<StepInput> {
  const { train, sampler, schedule, config } = resources;
  const { views, seed } = config;
  const breather = new Breather();
  const indices = await sampler.indices(step, breather);
  const samples = await sampler.draws(step, breather);
  const spec = viewSpec(views);
  const drawn: StepView[] = [];
  for (const [index, pipeline] of views.pipelines.entries()) {
    const plan = await drawPlanInSlices(
      {
        pipeline,
        view: pipelineView(index),
        seed,
        epoch: sampler.epochs.epochOf(step),
        samples,
        ...sizesOf(train, indices),
        jitter: views.jitter,
      },
      breather,
    );
    drawn.push({ plan, spec });
  }
  return {
    images: train.store,
    indices,
    microBatches: config.accumulate,
    views: drawn,
    learningRate: schedule.learningRate(step),
    tau: schedule.tau(step),
    projectorRate: config.optimizer.projectorLearningRateScale,
    predictorRate: schedule.predictorRate(step),
    objectiveWeight: schedule.objectiveWeight(step),
    supervisedLabels: resources.supervisedLabels && indices.map((image) => resources.supervisedLabels?.[image] ?? -1),
  };
}
