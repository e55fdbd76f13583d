import { withClasses } from '../config/classes.js';
import { differences } from '../config/differences.js';
import { isPresetName, presets } from '../config/presets/index.js';
import type { Config } from '../config/schema.js';
import { roleOf } from '../config/setting-roles.js';
import { architectureName } from '../export/encoder.js';
import type { BoardMetric, HyperParameter } from '../export/tensorboard/hyper-parameters.js';
import { isMethodName } from '../methods/index.js';
import { resolveConfig } from '../methods/resolve.js';

/** The settings of a run as the columns of a table of runs: those that people compare, and in words all others that are not the preset's. */
export function comparedSettings(config: Config): Record<string, HyperParameter> {
  const { method, preset, seed, precision, data, epochs, batchSize, accumulate, encoder, norm, target, views } = config;
  const { optimizer } = config;
  const changed = changedSettings(config);
  return {
    method: method ?? 'byol',
    preset: preset ?? 'none',
    data: 'name' in data && typeof data.name === 'string' ? data.name : data.kind,
    encoder: architectureName(encoder),
    norm: norm.encoder,
    epochs,
    batchSize: batchSize * accumulate,
    optimizer: optimizer.kind,
    baseLearningRate: optimizer.baseLearningRate,
    weightDecay: optimizer.weightDecay,
    warmupEpochs: optimizer.warmupEpochs,
    target: target.mode,
    tauBase: target.tauBase,
    viewSize: views.size,
    precision,
    seed,
    ...(changed !== null && { changed }),
  };
}

/** Where the images lie and which they are has a column of its own. */
const TOLD = /^(data|seed)\b/;

/** "batchSize=64, predictor=null": what decides a run's numbers and is not as its preset and method have it; null: it has no preset. */
function changedSettings(config: Config): string | null {
  const { preset, method } = config;
  if (preset === undefined || !isPresetName(preset) || (method !== undefined && !isMethodName(method))) return null;
  const start = method === undefined ? presets[preset] : resolveConfig({ preset, patch: { method } });
  const { output } = config.projector;
  return differences(output === 'classes' ? start : withClasses(start, output), config)
    .filter(({ path }) => !TOLD.test(path) && roleOf(path)?.decides === 'numbers')
    .map(({ path, new: value }) => `${path}=${JSON.stringify(value)}`)
    .join(', ');
}

/** What runs are compared by: the tags of run-metrics.ts. */
export const comparedMetrics: readonly BoardMetric[] = [
  { tag: 'finished/knn/top1', title: 'kNN, all test images' },
  { tag: 'finished/probe/linear/top1', title: 'linear, test images' },
  { tag: 'untrained/knn/top1', title: 'kNN untrained' },
  { tag: 'knn/top1', title: 'kNN during the run' },
  { tag: 'loss', title: 'loss' },
  { tag: 'collapse/std', title: 'spread of the projections' },
];
