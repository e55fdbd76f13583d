/**
 * npm run record DIR ...: what finished runs of presets gave, into bench/results/presets.json (every run) and
 * lib/config/preset-records.ts (mean and spread). All runs of a preset are given together; they differ in their seed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../lib/binding/package-root.js';
import { type PresetName, presetNames, presets } from '../lib/config/presets/index.js';
import { type PresetRecord, recordKey, type Spread } from '../lib/config/records.js';
import { type Config, configSchema } from '../lib/config/schema.js';
import type { RunResult } from '../lib/train/events.js';

const RUNS = 'bench/results/presets.json';
const SUMMARY = 'lib/config/preset-records.ts';

interface Run {
  readonly config: Config;
  readonly environment: Record<string, unknown>;
  readonly result: RunResult;
}

interface RecordedPreset {
  readonly command: string;
  readonly key: string;
  readonly environment: Record<string, unknown>;
  readonly runs: ReadonlyArray<
    Pick<RunResult, 'seconds' | 'untrained' | 'knn' | 'linear' | 'metrics'> & { seed: number }
  >;
}

const readJson = (...parts: string[]): unknown => JSON.parse(readFileSync(path.join(...parts), 'utf8'));

function readRun(folder: string): Run {
  return {
    config: configSchema.parse(readJson(folder, 'config.json')),
    environment: readJson(folder, 'environment.json') as Record<string, unknown>,
    result: readJson(folder, 'result.json') as RunResult,
  };
}

function record(preset: PresetName, runs: readonly Run[]): RecordedPreset {
  // Whose machine it was, and in which of its folders, is nobody's business.
  const { host: _host, command: _command, resumed: _resumed, ...environment } = runs[0]?.environment ?? {};
  return {
    command: preset === 'shapes' ? 'npm start' : `npx byol train --preset ${preset} --data DIR --set seed=N`,
    key: recordKey(presets[preset]),
    environment,
    runs: runs
      .map(({ config, result: { seconds, untrained, knn, linear, metrics } }) => {
        return { seed: config.seed, seconds, untrained, knn, linear, metrics };
      })
      .sort((a, b) => a.seed - b.seed),
  };
}

function summarize(preset: PresetName, { key, runs }: RecordedPreset): PresetRecord {
  const over = (values: readonly number[]): Spread => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { mean: Number(mean.toFixed(4)), min: Math.min(...values), max: Math.max(...values) };
  };
  return {
    preset,
    key,
    runs: runs.length,
    untrainedKnnTop1: over(runs.map(({ untrained }) => untrained.knn?.top1 ?? Number.NaN)),
    knnTop1: over(runs.map(({ knn }) => knn?.top1 ?? Number.NaN)),
    linearTop1: over(runs.map(({ linear }) => linear?.top1 ?? Number.NaN)),
    file: RUNS,
  };
}

const given = process.argv.slice(2).map(readRun);
const recorded = readJson(packageRoot, RUNS) as Partial<Record<PresetName, RecordedPreset>>;
for (const preset of presetNames) {
  const runs = given.filter(({ config }) => recordKey(config) === recordKey(presets[preset]));
  if (runs.length > 0) recorded[preset] = record(preset, runs);
  console.log(`${preset}: ${runs.length === 0 ? 'nothing new' : `${runs.length} runs`}`);
}
const summaries = presetNames.flatMap((preset) => {
  const found = recorded[preset];
  return found === undefined ? [] : [summarize(preset, found)];
});
writeFileSync(path.join(packageRoot, RUNS), `${JSON.stringify(recorded, null, 2)}\n`);
writeFileSync(
  path.join(packageRoot, SUMMARY),
  `import type { PresetRecord } from './records.js';

/** Written by \`npm run record\`. */
export const records: readonly PresetRecord[] = ${JSON.stringify(summaries, null, 2)};
`,
);
console.log(`Written: ${RUNS}, ${SUMMARY}. Format the latter with npm run lint -- --write.`);
