import type { Config } from '../config/schema.js';
import { type ReportRow, renderReport } from '../report/html.js';
import { type Chart, type Point, renderCharts } from '../report/svg.js';
import type { Baseline, RunResult } from './events.js';
import type { MetricsRecord } from './metrics-file.js';

type Key = keyof Extract<MetricsRecord, { type: 'step' }> | keyof Extract<MetricsRecord, { type: 'epoch' }>;

function series(records: readonly MetricsRecord[], type: MetricsRecord['type'], key: Key): Point[] {
  return records.flatMap((record) => {
    const value = (record as unknown as Partial<Record<Key, unknown>>)[key];
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

/** The curves of a run, over optimiser steps. */
export function runCharts(records: readonly MetricsRecord[], untrained: Baseline): Chart[] {
  const knn = series(records, 'epoch', 'knn/top1');
  const probe = series(records, 'step', 'probe/online/top1');
  const xLabel = 'optimiser step';
  const charts: Chart[] = [
    {
      title: 'BYOL loss (4 is chance)',
      xLabel,
      yMin: 0,
      series: [{ name: 'loss', points: series(records, 'step', 'loss') }],
    },
    {
      title: 'Accuracy',
      xLabel,
      percent: true,
      yMin: 0,
      series: [
        { name: 'kNN, test images', points: knn },
        { name: 'untrained kNN', points: level(knn, untrained.knn?.top1), dashed: true },
        { name: 'online probe, training views', points: probe },
      ],
    },
    {
      title: 'Spread of the projections (1 spread, 0 collapsed)',
      xLabel,
      yMin: 0,
      yMax: 1,
      series: [{ name: 'collapse/std', points: series(records, 'step', 'collapse/std') }],
    },
    {
      title: 'Effective rank of the projections',
      xLabel,
      yMin: 0,
      series: [{ name: 'collapse/rank', points: series(records, 'step', 'collapse/rank') }],
    },
    {
      title: 'Distance to the target',
      xLabel,
      yMin: 0,
      series: [{ name: 'target/distance', points: series(records, 'step', 'target/distance') }],
    },
    {
      title: 'Learning rate',
      xLabel,
      yMin: 0,
      series: [{ name: 'learning rate', points: series(records, 'step', 'learning_rate') }],
    },
    { title: 'tau', xLabel, series: [{ name: 'tau', points: series(records, 'step', 'tau') }] },
  ];
  return charts.map((chart) => ({ ...chart, series: chart.series.filter(({ points }) => points.length > 0) }));
}

/** Loss and accuracy side by side. */
export function runCurves(records: readonly MetricsRecord[], untrained: Baseline): string {
  return renderCharts(runCharts(records, untrained).slice(0, 2));
}

export interface ReportInput {
  readonly config: Config;
  readonly environment: object;
  readonly result: RunResult;
  readonly totalSteps: number;
  readonly records: readonly MetricsRecord[];
}

/** report.html of a run. */
export function runReport({ config, environment, result, totalSteps, records }: ReportInput): string {
  const { untrained, knn, linear } = result;
  const row = (name: string, before: { top1: number } | null, after: { top1: number } | null): ReportRow => ({
    name,
    untrained: before?.top1 ?? null,
    trained: after?.top1 ?? null,
  });
  return renderReport({
    title: `${config.method ?? 'BYOL'}: ${config.preset ?? config.data.kind}`,
    status: result.interrupted
      ? `Stopped at step ${result.steps} of ${totalSteps}.`
      : `Finished: ${result.epochs} epochs, ${result.steps} steps.`,
    verdict: result.verdict,
    rows: [row('kNN top-1', untrained.knn, knn), row('Linear top-1', untrained.linear, linear)],
    charts: runCharts(records, untrained),
    settings: config,
    environment,
  });
}
