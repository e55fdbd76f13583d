import { configHash } from './hash.js';
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

export const records: readonly PresetRecord[] = [
  {
    preset: 'shapes',
    key: '99f2b8b7b585d70df0bc2c32485aa092b6d8a90c47900b761e1c5c063152a8eb',
    runs: 1,
    untrainedKnnTop1: { mean: 0.3, min: 0.3, max: 0.3 },
    knnTop1: { mean: 0.547, min: 0.547, max: 0.547 },
    linearTop1: { mean: 0.6615, min: 0.6615, max: 0.6615 },
    file: 'bench/results/presets.json',
  },
  {
    preset: 'cifar10-small',
    key: '2e40a296f446b44dabd7f2f12df7dad6c8718eefd1cc7072e9e1ec9d7ffc911e',
    runs: 1,
    untrainedKnnTop1: { mean: 0.3077, min: 0.3077, max: 0.3077 },
    knnTop1: { mean: 0.424, min: 0.424, max: 0.424 },
    linearTop1: { mean: 0.5145, min: 0.5145, max: 0.5145 },
    file: 'bench/results/presets.json',
  },
];

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
