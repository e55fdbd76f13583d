/**
 * npm run record DIR ...: what finished runs of presets gave, into bench/results/presets.json (every run) and
 * lib/config/preset-records.ts (mean and spread). All runs of a preset are given together: at least five seeds and both
 * precisions, so that the record can tell what is unusual.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../lib/binding/package-root.js';
import { type PresetName, presetNames, presets } from '../lib/config/presets/index.js';
import { type Distribution, leastUsualKnn, type PresetRecord, recordKey } from '../lib/config/records.js';
import { type Config, configSchema } from '../lib/config/schema.js';
import type { RunResult } from '../lib/run/events.js';

const RUNS = 'bench/results/presets.json';
const SUMMARY = 'lib/config/preset-records.ts';

interface Run {
  readonly config: Config;
  readonly environment: Record<string, unknown>;
  readonly result: RunResult;
}

/** What differs between the runs of a record. */
interface Circumstances {
  readonly seed: number;
  readonly precision: 'float32' | 'bfloat16';
  readonly cpuCapability: string;
  readonly threads: number;
}

interface RecordedPreset {
  readonly command: string;
  readonly key: string;
  readonly environment: Record<string, unknown>;
  readonly runs: ReadonlyArray<Circumstances & Pick<RunResult, 'seconds' | 'untrained' | 'knn' | 'linear' | 'metrics'>>;
}

const readJson = (...parts: string[]): unknown => JSON.parse(readFileSync(path.join(...parts), 'utf8'));

function readRun(folder: string): Run {
  return {
    config: configSchema().parse(readJson(folder, 'config.json')),
    environment: readJson(folder, 'environment.json') as Record<string, unknown>,
    result: readJson(folder, 'result.json') as RunResult,
  };
}

function record(preset: PresetName, runs: readonly Run[]): RecordedPreset {
  // Whose machine it was, and in which of its folders, is nobody's business; what differs stands with each run.
  const {
    host: _host,
    command: _command,
    resumed: _resumed,
    precision: _precision,
    cpuCapability: _capability,
    threads: _threads,
    ...environment
  } = runs[0]?.environment ?? {};
  return {
    command: `npx byol train --preset ${preset}${preset === 'shapes' ? '' : ' --data DIR'} --set seed=N --set precision=P`,
    key: recordKey(presets[preset]),
    environment,
    runs: runs
      .map(({ config: { seed }, environment: of, result: { seconds, untrained, knn, linear, metrics } }) => {
        const { precision, cpuCapability, threads } = of as unknown as Omit<Circumstances, 'seed'>;
        return { seed, precision, cpuCapability, threads, seconds, untrained, knn, linear, metrics };
      })
      .sort((a, b) => a.precision.localeCompare(b.precision) || a.seed - b.seed),
  };
}

function spreadOf(values: readonly number[]): Distribution {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const sd = values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
  const rounded = (value: number): number => Number(value.toFixed(4));
  return { mean: rounded(mean), sd: rounded(sd), min: Math.min(...values), max: Math.max(...values) };
}

function summarize(preset: PresetName, { key, runs }: RecordedPreset): PresetRecord {
  return {
    preset,
    configHash: key,
    runs: runs.length,
    seeds: new Set(runs.map(({ seed }) => seed)).size,
    precisions: [...new Set(runs.map(({ precision }) => precision))],
    untrainedKnnTop1: spreadOf(runs.map(({ untrained }) => untrained.knn?.top1 ?? Number.NaN)),
    knnTop1: spreadOf(runs.map(({ knn }) => knn?.top1 ?? Number.NaN)),
    linearTop1: spreadOf(runs.map(({ linear }) => linear?.top1 ?? Number.NaN)),
    file: RUNS,
  };
}

const given = process.argv.slice(2).map(readRun);
const recorded = readJson(packageRoot(), RUNS) as Partial<Record<PresetName, RecordedPreset>>;
for (const preset of presetNames) {
  const runs = given.filter(({ config }) => recordKey(config) === recordKey(presets[preset]));
  if (runs.length > 0) recorded[preset] = record(preset, runs);
  console.log(`${preset}: ${runs.length === 0 ? 'nothing new' : `${runs.length} runs`}`);
}
const summaries = presetNames.flatMap((preset) => {
  const found = recorded[preset];
  return found === undefined ? [] : [summarize(preset, found)];
});
writeFileSync(path.join(packageRoot(), RUNS), `${JSON.stringify(recorded, null, 2)}\n`);
writeFileSync(
  path.join(packageRoot(), SUMMARY),
  `/** Written by \`npm run record\`. */
export const records = ${JSON.stringify(summaries, null, 2)} as const;
`,
);
for (const summary of summaries) {
  if (leastUsualKnn(summary) === null) {
    console.log(
      `${summary.preset}: ${summary.runs} runs are too few to tell what is unusual (five seeds, both precisions).`,
    );
  }
}
console.log(`Written: ${RUNS}, ${SUMMARY}. Format the latter with npm run lint -- --write.`);
