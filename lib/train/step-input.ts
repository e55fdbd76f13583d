import { drawPlanInSlices } from '../augment/plan.js';
import { viewSpec } from '../augment/view-spec.js';
import type { StepInput } from '../binding/native.js';
import { Breather } from '../breather.js';
import type { Session } from './session.js';

/** Everything that decides the 0-based optimiser step, beside the learner's state: which images, their views, rates. */
export async function stepInput(session: Session, step: number): Promise<StepInput> {
  const { train, sampler, schedule, config } = session;
  const { views, seed } = config;
  const breather = new Breather();
  const indices = await sampler.indices(step, breather);
  const samples = await sampler.draws(step, breather);
  const draw = (view: 0 | 1): Promise<Float32Array> =>
    drawPlanInSlices(
      {
        pipeline: views.pipelines[view],
        view,
        seed,
        epoch: sampler.epochs.epochOf(step),
        samples,
        sourceHeight: train.height,
        sourceWidth: train.width,
        jitter: views.jitter,
      },
      breather,
    );
  const spec = viewSpec(views);
  return {
    images: train.store,
    indices,
    microBatches: config.accumulate,
    views: [
      { plan: await draw(0), spec },
      { plan: await draw(1), spec },
    ],
    learningRate: schedule.learningRate(step),
    tau: schedule.tau(step),
    projectorRate: config.optimizer.projectorRate,
    predictorRate: schedule.predictorRate(step),
    objectiveWeight: schedule.objectiveWeight(step),
    supervisedLabels: session.supervisedLabels && indices.map((image) => session.supervisedLabels?.[image] ?? -1),
  };
}
