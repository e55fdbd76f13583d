import type { Config } from '../config/schema.js';
import { methodTitle } from '../methods/index.js';
import { hasNegatives, readLoss } from '../methods/loss-reading.js';
import { type MetricDefinitions, type MetricName, metricDefinitions } from '../metrics/definitions.js';
import { speedText } from '../metrics/speed.js';
import { type ReportRow, renderReport } from '../report/html.js';
import { type Chart, type Point, renderCharts, type Series } from '../report/line-chart.js';
import type { RunResult } from './events.js';
import type { MetricsRecord } from './metrics-file.js';

const X_LABEL = 'optimiser step';

function series(records: readonly MetricsRecord[], type: MetricsRecord['type'], name: string): Point[] {
  return records.flatMap((record) => {
    const value = (record as unknown as Readonly<Record<string, unknown>>)[name];
    return record.type === type && typeof value === 'number' ? [[record.step, value] as const] : [];
  });
}

/** A horizontal line over the range of `points`: what the untrained network scores. */
function level(points: readonly Point[], value: number | undefined): Point[] {
  const last = points.at(-1);
  return last === undefined || value === undefined
    ? []
    : [
        [0, value],
        [last[0], value],
      ];
}

export interface CurvesInput {
  readonly config: Config;
  readonly records: readonly MetricsRecord[];
  readonly result: Pick<RunResult, 'interrupted' | 'steps' | 'knn' | 'untrained'>;
  /** Whether kNN during the run had the images that it has after the last epoch: all. */
  readonly sameImages: boolean;
}

/** Of methods whose target follows the online network, and of no others. */
const OF_FOLLOWING_TARGETS: readonly string[] = ['target/distance', 'tau'] satisfies MetricName[];

/** The curves of a run, over optimiser steps; those that were not measured, or mean nothing for its method, are left out. */
export function runCharts(input: CurvesInput, definitions: MetricDefinitions = metricDefinitions): Chart[] {
  const { config, records } = input;
  const follows = config.target.mode === 'ema';
  const charts = [lossChart(config, records), accuracyChart(input, definitions)];
  for (const [name, { chart, title, range }] of Object.entries(definitions)) {
    if (chart !== 'own' || name === 'loss' || (!follows && OF_FOLLOWING_TARGETS.includes(name))) continue;
    const [yMin, yMax] = range;
    charts.push({
      title,
      xLabel: X_LABEL,
      ...(yMin !== null && { yMin }),
      ...(yMax !== null && { yMax }),
      series: [{ name, points: series(records, 'step', name) }],
    });
  }
  charts.push(timeChart(records, definitions));
  const measured = charts
    .map((chart) => ({ ...chart, series: chart.series.filter(({ points }) => points.length > 0) }))
    .filter((chart) => chart.series.length > 0);
  // Stopped before its first reading: one chart says so.
  return measured.length > 0 ? measured : charts.slice(0, 1);
}

function lossChart(config: Config, records: readonly MetricsRecord[]): Chart {
  const { title, chance } = readLoss(config);
  return {
    title: chance === null ? title : `${title} (${Number(chance.toPrecision(3))} is chance)`,
    xLabel: X_LABEL,
    // With negatives it never comes near 0.
    ...(!hasNegatives(config) && { yMin: 0 }),
    ...(chance !== null && { yMax: chance }),
    series: [{ name: 'loss', points: series(records, 'step', 'loss') }],
  };
}

function accuracyChart({ records, result, sameImages }: CurvesInput, definitions: MetricDefinitions): Chart {
  const last: Point[] = result.interrupted || result.knn === null ? [] : [[result.steps, result.knn.top1]];
  const lines = Object.entries(definitions)
    .filter(([, { chart }]) => chart === 'accuracy')
    .flatMap(([name, { title, from }]): Series[] => {
      const points = series(records, from === 'evaluation' ? 'epoch' : 'step', name);
      if (name !== 'knn/top1') return [{ name: title, points }];
      const knn = sameImages ? [...points, ...last] : points;
      return [
        { name: title, points: knn },
        { name: 'untrained kNN', points: level([...knn, ...last], result.untrained.knn?.top1), dashed: true },
      ];
    });
  return {
    title: 'Accuracy',
    xLabel: X_LABEL,
    percent: true,
    yMin: 0,
    series: [...lines, { name: 'kNN, all test images', points: sameImages ? [] : last }],
  };
}

/** Where the time of a step goes. */
function timeChart(records: readonly MetricsRecord[], definitions: MetricDefinitions): Chart {
  const lines = Object.entries(definitions).filter(([, { chart }]) => chart === 'time');
  return {
    title: 'Seconds of a step',
    xLabel: X_LABEL,
    yMin: 0,
    series: lines.map(([name, { title }]) => ({ name: title, points: series(records, 'step', name) })),
  };
}

/** Loss and accuracy side by side. */
export function runCurves(input: CurvesInput): string {
  return renderCharts(runCharts(input).slice(0, 2));
}

export interface ReportInput extends CurvesInput {
  readonly environment: object;
  readonly result: RunResult;
  /** How far the run is or how it ended, as a sentence. */
  readonly status: string;
  /** What neighbours.html beside it shows, as a sentence; null: there is none. */
  readonly neighbours: string | null;
}

/** report.html of a run. */
export function runReport(input: ReportInput): string {
  const { config, environment, result, status, neighbours } = input;
  const { untrained, knn, linear } = result;
  const speed = speedText(result.metrics ?? {});
  const row = (name: string, before: { top1: number } | null, after: { top1: number } | null): ReportRow => ({
    name,
    untrained: before?.top1 ?? null,
    trained: after?.top1 ?? null,
  });
  return renderReport({
    title: `${methodTitle(config)}: ${config.preset ?? config.data.kind}`,
    status: speed === null ? status : `${status} Its last epoch: ${speed}.`,
    verdict: result.verdict,
    rows: [row('kNN top-1', untrained.knn, knn), row('Linear top-1', untrained.linear, linear)],
    links: neighbours === null ? [] : [{ address: 'neighbours.html', title: 'Neighbours and map', text: neighbours }],
    charts: runCharts(input),
    settings: config,
    environment,
  });
}
