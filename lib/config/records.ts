import { configHash } from './hash.js';
import { records } from './preset-records.js';
import { type PresetName, presets } from './presets/index.js';
import type { Config } from './schema.js';

/** What presets gave when they were measured: the answer to "did my run work?". */

/** Over several runs that differ in the seed only; accuracies are fractions. */
export interface Spread {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

export interface PresetRecord {
  readonly preset: PresetName;
  /** recordKey() of the configuration that was measured. */
  readonly key: string;
  /** Number of runs. */
  readonly runs: number;
  readonly untrainedKnnTop1: Spread;
  readonly knnTop1: Spread;
  readonly linearTop1: Spread;
  /** File in the repository with the single runs, their environment and commit. */
  readonly file: string;
}

/** Identifies the experiment that a record is of: all settings that decide numbers, but the seed. */
export function recordKey(config: Config): string {
  return configHash({ ...config, seed: 0 });
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
export function findRecord(config: Config, among: readonly PresetRecord[] = records): RecordMatch | null {
  const key = recordKey(config);
  const same = among.find((record) => record.key === key);
  if (same !== undefined) return { state: 'same', record: same };
  const record = among.find(({ preset }) => preset === config.preset);
  if (record === undefined) return null;
  return { state: recordKey(presets[record.preset]) === record.key ? 'changed' : 'outdated', record };
}
