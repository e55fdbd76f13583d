import { z } from 'zod';
import type { RunResult } from '../run/events.js';
import type { EnvironmentFile } from '../run/run-folder.js';
import type { PlannedRun, TablePlan } from './plan.js';
import { environmentSchema, withoutOwner } from './record-environment.js';

/** Finished runs as small JSON files, one each, fit to be committed: where they were made is told, by whom is not. */

const accuracy = z.number().min(0).max(1).nullable();
/** NaN is null in JSON: the spread of a representation that is not finite. */
const quantity = z.number().nullable();

export const recordSchema = z.strictObject({
  table: z.string(),
  scale: z.string(),
  row: z.string(),
  seed: z.int().nonnegative(),
  /** PlannedRun.key. */
  key: z.string(),
  /** 'diverged': the loss was not finite, and nothing was measured. */
  outcome: z.enum(['finished', 'diverged']),
  knnTop1: accuracy,
  untrainedKnnTop1: accuracy,
  linearTop1: accuracy,
  untrainedLinearTop1: accuracy,
  collapseStd: quantity,
  collapseRank: quantity,
  loss: quantity,
  verdict: z.strictObject({ state: z.string(), text: z.string() }),
  epochs: z.int().nonnegative(),
  steps: z.int().nonnegative(),
  seconds: z.number().nonnegative(),
  /** null: the run folder had none. */
  environment: environmentSchema.nullable(),
});

export type TableRecord = z.infer<typeof recordSchema>;

export function identityOf(
  plan: TablePlan,
  run: PlannedRun,
): Pick<TableRecord, 'table' | 'scale' | 'row' | 'seed' | 'key'> {
  return { table: plan.table.id, scale: plan.scale, row: run.row.id, seed: run.seed, key: run.key };
}

export function recordOf(
  plan: TablePlan,
  run: PlannedRun,
  result: RunResult,
  environment: EnvironmentFile | null,
): TableRecord {
  return {
    ...identityOf(plan, run),
    outcome: 'finished',
    knnTop1: result.knn?.top1 ?? null,
    untrainedKnnTop1: result.untrained.knn?.top1 ?? null,
    linearTop1: result.linear?.top1 ?? null,
    untrainedLinearTop1: result.untrained.linear?.top1 ?? null,
    collapseStd: finite(result.metrics?.['collapse/std']),
    collapseRank: finite(result.metrics?.['collapse/rank']),
    loss: finite(result.metrics?.loss),
    verdict: { state: result.verdict.state, text: result.verdict.text },
    epochs: result.epochs,
    steps: result.steps,
    seconds: result.seconds,
    environment: environment && withoutOwner(environment),
  };
}

/** A result too: some settings of a table cannot be trained with. */
export function divergedRecord(
  plan: TablePlan,
  run: PlannedRun,
  message: string,
  seconds: number,
  environment: EnvironmentFile | null,
): TableRecord {
  return {
    ...identityOf(plan, run),
    outcome: 'diverged',
    knnTop1: null,
    untrainedKnnTop1: null,
    linearTop1: null,
    untrainedLinearTop1: null,
    collapseStd: null,
    collapseRank: null,
    loss: null,
    verdict: { state: 'diverged', text: message },
    epochs: 0,
    steps: 0,
    seconds,
    environment: environment && withoutOwner(environment),
  };
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
