import type { Metrics } from '../metrics/values.js';
import type { TrainingResources } from '../train/resources.js';
import { judge, type Verdict } from '../train/verdict.js';
import type { KnnResult, LinearResult, RunResult } from './events.js';
import type { Recorder } from './recorder.js';
import type { BaselineFile, RunFolder } from './run-folder.js';

export interface RunEnd {
  readonly folder: RunFolder;
  readonly resources: TrainingResources;
  readonly recorder: Recorder;
  readonly baseline: BaselineFile;
  /** The evaluation after the last epoch; null: the run was stopped before. */
  readonly outcome: { readonly knn: KnnResult | null; readonly linear: LinearResult | null } | null;
}

/** What a run has come to, at its end or where it was stopped. */
export function runResult(end: RunEnd): RunResult {
  const { folder, resources, recorder, baseline, outcome } = end;
  const knn = outcome?.knn ?? null;
  const linear = outcome?.linear ?? null;
  const last = recorder.lastMetrics;
  const metrics: Metrics | null = last && {
    ...last,
    ...(knn && { 'knn/top1': knn.top1, 'knn/top5': knn.top5 }),
    ...(linear && { 'probe/linear/top1': linear.top1 }),
  };
  // Beside an accuracy that was measured with the images set aside for the run belongs one with the same.
  const untrainedKnn = (outcome === null ? baseline.knnDuringRun : null) ?? baseline.knn;
  return {
    folder: folder.path,
    epochs: resources.sampler.epochs.epochOf(recorder.step),
    steps: recorder.step,
    interrupted: outcome === null,
    knn: knn === null ? recorder.lastKnn : { top1: knn.top1, top5: knn.top5 },
    linear,
    untrained: { knn: untrainedKnn && { top1: untrainedKnn.top1, top5: untrainedKnn.top5 }, linear: baseline.linear },
    metrics,
    verdict: verdictOf(end, knn),
    encoder: outcome === null ? null : folder.encoder,
    seconds: recorder.seconds(),
  };
}

function verdictOf({ resources, recorder, baseline }: RunEnd, knn: KnnResult | null): Verdict {
  const last = recorder.lastMetrics;
  if (last === null) return { state: 'not learning yet', text: 'Nothing can be said yet: no epoch was completed.' };
  if (knn === null) return recorder.verdict(last, recorder.lastKnn?.top1);
  return judge({
    config: resources.config,
    collapseStd: last['collapse/std'],
    collapseRank: last['collapse/rank'],
    loss: last.loss,
    knn: knn.top1,
    untrainedKnn: baseline.knn?.top1 ?? null,
    queries: knn.queries,
  });
}
