import { z } from 'zod';
import type { Environment } from '../../run/environment.js';
import { environmentSchema, withoutOwner } from '../record-environment.js';
import type { EncoderPlan, PlannedEvaluation } from './plan.js';

/** Finished evaluations as small JSON files, one each, fit to be committed. */

export const evaluationRecordSchema = z.strictObject({
  table: z.string(),
  scale: z.string(),
  row: z.string(),
  seed: z.int().nonnegative(),
  /** PlannedEvaluation.key. */
  key: z.string(),
  protocol: z.string(),
  settings: z.record(z.string(), z.unknown()),
  /** Which images were asked about. */
  set: z.string(),
  /** 'diverged': the pretraining or the evaluation was not finite, and `numbers` is empty. */
  outcome: z.enum(['finished', 'diverged']),
  /** What the result is reported in, as the protocol or the data set has it: 'top1', 'mean-per-class', 'map11'. */
  metric: z.string(),
  /** Every number of the result that is a fraction of test images or a mean over classes. */
  numbers: z.record(z.string(), z.number().min(0).max(1)),
  /** What the protocol says of itself, a sentence each; of one that diverged, its error. */
  notes: z.array(z.string()),
  /** Of the evaluation; the pretraining's are in its folder. */
  seconds: z.number().nonnegative(),
  environment: environmentSchema,
});

export type EvaluationRecord = z.infer<typeof evaluationRecordSchema>;

/** What an evaluation gave. */
export type Measured = Pick<EvaluationRecord, 'outcome' | 'metric' | 'numbers' | 'notes' | 'seconds'>;

export function identityOf(
  plan: EncoderPlan,
  { row, seed, key, protocol, settings, set }: PlannedEvaluation,
): Pick<EvaluationRecord, 'table' | 'scale' | 'row' | 'seed' | 'key' | 'protocol' | 'settings' | 'set'> {
  const told = { ...settings };
  return { table: plan.table.id, scale: plan.scale, row: row.id, seed, key, protocol, settings: told, set: set.text };
}

export function evaluationRecord(
  plan: EncoderPlan,
  planned: PlannedEvaluation,
  measured: Measured,
  environment: Environment,
): EvaluationRecord {
  return { ...identityOf(plan, planned), ...measured, environment: withoutOwner(environment) };
}
