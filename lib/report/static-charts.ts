import type { Chart, Point } from './line-chart.js';
import type { RunData } from './run-data.js';
import type { RunsChart } from './runs-charts.js';

/** A chart of a page as a picture, over optimiser steps. */
export function staticChart({ title, unit, min, max, lines }: RunsChart, runs: readonly RunData[]): Chart {
  const series = lines.map(({ name, run: index, from, metric, level, last, look }) => {
    const run = runs[index] as RunData;
    const points: Point[] = [];
    if (level !== undefined) points.push([0, level], [run.steps, level]);
    if (from !== null) {
      const { step, values } = run[from];
      for (const [at, value] of (values[metric]?.mean ?? []).entries()) {
        points.push([step[at] as number, value ?? Number.NaN]);
      }
    }
    if (last !== undefined) points.push([run.steps, last]);
    return { name, points, dashed: level !== undefined || look.dash.length > 0 };
  });
  return {
    title,
    xLabel: 'optimiser step',
    percent: unit === 'fraction',
    ...(min !== null && { yMin: min }),
    ...(max !== null && { yMax: max }),
    series,
  };
}
