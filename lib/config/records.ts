import { configHash } from './hash.js';
import { records } from './preset-records.js';
import { type PresetName, presets } from './presets/index.js';
import type { Config } from './schema.js';

/** What presets gave when they were measured: the answer to "did my run work?". */

/** Over several runs that differ in seed, precision and machine only; accuracies are fractions. */
export interface Distribution {
  readonly mean: number;
  /** Standard deviation, with n - 1; 0 of a single run. */
  readonly sd: number;
  readonly min: number;
  readonly max: number;
}

/** What runs of a preset as it is came to when this project measured them. Accuracies are fractions in [0, 1]. */
export interface PresetRecord {
  readonly preset: PresetName;
  /** configHash() of the configuration that was measured, with seed 0 and precision auto. */
  readonly configHash: string;
  /** Number of runs. */
  readonly runs: number;
  /** Different seeds among them. */
  readonly seeds: number;
  /** Those that were run; what a short run learns differs between them. */
  readonly precisions: ReadonlyArray<'float32' | 'bfloat16'>;
  readonly untrainedKnnTop1: Distribution;
  readonly knnTop1: Distribution;
  readonly linearTop1: Distribution;
  /** File in the repository with the single runs, their environment and commit. */
  readonly file: string;
}

/** Of the presets that have been measured. */
export const presetRecords: readonly PresetRecord[] = records;

/** Identifies the experiment that a record is of: all settings that decide numbers, but the seed and the precision. */
export function recordKey(config: Config): string {
  return configHash({ ...config, seed: 0, precision: 'auto' });
}

/** Below mean - 3 sd lies one of some hundred good runs. */
const UNUSUAL_SDS = 3;
/** From fewer seeds nobody knows how far results lie apart. */
const LEAST_SEEDS = 5;

/** The least kNN top-1 of a run in which nothing is wrong; null where the record has too few runs to tell. */
export function leastUsualKnn({ seeds, precisions, knnTop1: { mean, sd } }: PresetRecord): number | null {
  return seeds < LEAST_SEEDS || precisions.length < 2 ? null : mean - UNUSUAL_SDS * sd;
}

/**
 * 'same': the record is of these very settings. 'changed': of the preset as it is; this run has other settings. 'outdated':
 * of the preset as it was before its settings changed.
 */
export interface RecordMatch {
  readonly state: 'same' | 'changed' | 'outdated';
  readonly record: PresetRecord;
}

/** null: nothing was recorded for this preset. */
export function findRecord(config: Config, among: readonly PresetRecord[] = presetRecords): RecordMatch | null {
  const key = recordKey(config);
  const same = among.find((record) => record.configHash === key);
  if (same !== undefined) return { state: 'same', record: same };
  const record = among.find(({ preset }) => preset === config.preset);
  if (record === undefined) return null;
  return { state: recordKey(presets[record.preset]) === record.configHash ? 'changed' : 'outdated', record };
}
