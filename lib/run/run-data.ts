import { presets } from '../config/presets/index.js';
import { findRecord, type RecordMatch } from '../config/records.js';
import type { Config } from '../config/schema.js';
import { methodTitle } from '../methods/index.js';
import { hasNegatives, readLoss } from '../methods/loss-reading.js';
import type { MetricName } from '../metrics/definitions.js';
import { speedText } from '../metrics/speed.js';
import { leaves } from '../report/html.js';
import type { ResultRow, RunData, RunLink, RunState, RunViews, Setting } from '../report/run-data.js';
import type { RunResult } from './events.js';
import type { MetricsTail } from './metrics-tail.js';
import { compareWithRecord } from './record-comparison.js';

export interface RunDataInput {
  readonly name: string;
  readonly config: Config;
  readonly environment: object;
  readonly result: RunResult;
  readonly state: RunState;
  /** How far the run is or how it ended, as a sentence. */
  readonly status: string;
  /** Read as far as there is anything. */
  readonly tail: Pick<MetricsTail, 'readings' | 'epochs' | 'lastEpoch' | 'step'>;
  /** Whether kNN during the run had the images that it has after the last epoch: all. */
  readonly sameImages: boolean;
  readonly links: readonly RunLink[];
  readonly views: RunViews | null;
}

/** Of methods whose target follows the online network, and of no others. */
const OF_FOLLOWING_TARGETS: readonly string[] = ['target/distance', 'tau'] satisfies MetricName[];

/** A run in the form in which pages show it. */
export function runData(input: RunDataInput): RunData {
  const { name, config, environment, result, state, status, tail, sameImages, links, views } = input;
  const speed = speedText(result.metrics ?? {});
  const follows = config.target.mode === 'ema';
  const wanted = (metric: string): boolean => follows || !OF_FOLLOWING_TARGETS.includes(metric);
  const match = findRecord(config);
  const { title, chance } = readLoss(config);
  const last = tail.lastEpoch;
  return {
    name,
    title: `${methodTitle(config)}: ${config.preset ?? config.data.kind}`,
    preset: config.preset ?? null,
    state,
    status: speed === null ? status : `${status} Its last epoch: ${speed}.`,
    verdict: result.verdict,
    results: resultRows(result, match),
    record: compareWithRecord(config, result, match),
    loss: { title, chance, fromZero: !hasNegatives(config) },
    readings: tail.readings(wanted),
    epochs: tail.epochs((metric) => metric.startsWith('knn/')),
    stepsPerEpoch: last === null || last.epoch === 0 ? null : last.step / last.epoch,
    untrained: accuracies(result.untrained.knn),
    // A stopped run's accuracy is of an epoch, whose readings have it.
    final: result.interrupted ? {} : accuracies(result.knn),
    steps: Math.max(result.steps, tail.step),
    sameImages,
    links,
    views,
    settings: settingsOf(config),
    environment: leaves(environment, ''),
  };
}

function accuracies(knn: RunResult['knn']): Record<string, number> {
  return knn === null ? {} : { 'knn/top1': knn.top1, 'knn/top5': knn.top5 };
}

function resultRows({ untrained, knn, linear }: RunResult, match: RecordMatch | null): ResultRow[] {
  // Numbers of another experiment would be read as what this one should have given.
  const record = match?.state === 'same' ? match.record : undefined;
  return [
    {
      name: 'kNN top-1',
      untrained: untrained.knn?.top1 ?? null,
      trained: knn?.top1 ?? null,
      recorded: record?.knnTop1 ?? null,
    },
    {
      name: 'Linear top-1',
      untrained: untrained.linear?.top1 ?? null,
      trained: linear?.top1 ?? null,
      recorded: record?.linearTop1 ?? null,
    },
  ];
}

/** All leaves of the configuration; where the images lie is no difference to the preset. */
function settingsOf(config: Config): Setting[] {
  const { preset } = config;
  const known = preset === undefined ? undefined : presets[preset as keyof typeof presets];
  const usual = known === undefined ? null : new Map(leaves(known, ''));
  const own = leaves(config, '');
  const paths = new Set(own.map(([path]) => path));
  const gone = [...(usual ?? [])].filter(([path]) => !paths.has(path));
  return [
    ...own.map(([path, value]): Setting => {
      const there = usual?.get(path) ?? '(absent)';
      const differs = usual !== null && there !== value && path !== 'data.path' && path !== 'preset';
      return { path, value, preset: differs ? there : null };
    }),
    ...gone.map(([path, value]): Setting => ({ path, value: '(absent)', preset: value })),
  ];
}
