import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';

/** Settings of the objective that fit only together. Throws ERR_BYOL_CONFIG naming all that do not. */
export function checkObjective(config: Config): void {
  const problems = [
    ...statisticsProblems(config),
    ...queueProblems(config),
    ...headProblems(config),
    ...supervisionProblems(config),
  ];
  if (problems.length > 0) throw new ByolError('ERR_BYOL_CONFIG', `Invalid objective: ${problems.join('; ')}.`);
}

function statisticsProblems({ objective, batchSize }: Config): string[] {
  const { statistics, statisticsGroups } = objective;
  if (statistics === 'joint' && statisticsGroups > 1) {
    return ["objective.statisticsGroups must be 1 with objective.statistics 'joint'"];
  }
  if (batchSize % statisticsGroups !== 0) {
    return [`objective.statisticsGroups (${statisticsGroups}) must divide batchSize (${batchSize})`];
  }
  // The variance of one image is 0, whatever it shows.
  if (batchSize === statisticsGroups) {
    return [
      `objective.statisticsGroups (${statisticsGroups}) must leave at least two images of batchSize (${batchSize})`,
    ];
  }
  return [];
}

function queueProblems({ objective, batchSize, target }: Config): string[] {
  const { negatives } = objective;
  if (negatives?.kind !== 'queue') return [];
  const problems: string[] = [];
  if (negatives.size % batchSize !== 0) {
    problems.push(`objective.negatives.size (${negatives.size}) must be a multiple of batchSize (${batchSize})`);
  }
  if (target.mode === 'gradient') {
    problems.push("a queue holds targets of earlier steps, which have no gradient: target.mode must not be 'gradient'");
  }
  return problems;
}

function headProblems({ predictor, projector }: Config): string[] {
  if (predictor?.kind !== 'mlp' || projector.output === 'classes' || predictor.output === projector.output) return [];
  return [`predictor.output (${predictor.output}) must be projector.output (${projector.output}), which it predicts`];
}

/** Rows of every micro-batch that are labelled images; null where that is left to the random order. */
export function labelledRowsOf({ supervision, batchSize }: Pick<Config, 'supervision' | 'batchSize'>): number | null {
  const share = supervision?.labelledPerBatch ?? null;
  return share === null ? null : Math.round(share * batchSize);
}

function supervisionProblems(config: Config): string[] {
  const { supervision, batchSize } = config;
  const rows = labelledRowsOf(config);
  if (supervision === null || rows === null) return [];
  if (supervision.labelFraction === 1) {
    return ['supervision.labelledPerBatch needs images without a label: supervision.labelFraction is 1'];
  }
  if (rows >= 1 && rows < batchSize) return [];
  return [
    `supervision.labelledPerBatch (${supervision.labelledPerBatch}) of batchSize (${batchSize}) is ${rows} images: it must leave some of both kinds`,
  ];
}
