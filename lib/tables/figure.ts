import { type Chart, type Point, renderCharts } from '../report/line-chart.js';
import type { ReportedRow, TableReport } from './report.js';
import { type Figure, publishedValue } from './table.js';

/** Beside chart.svg, of tables that have one. */
export const FIGURE_FILE = 'figure.svg';

/**
 * figure.svg: the figure of the paper that a table's numbers are drawn in, and the same of what was measured (kNN top-1), side by
 * side. null: the paper has none.
 */
export function renderFigure({ figure, rows, source, scale, columns }: TableReport): string | null {
  if (figure === undefined) return null;
  const published = (row: ReportedRow | undefined): number => (publishedValue(row?.published[0]) ?? Number.NaN) / 100;
  const measured = (row: ReportedRow | undefined): number => row?.measured?.knnTop1?.mean ?? Number.NaN;
  const chart = (title: string, top1Of: (row: ReportedRow | undefined) => number): Chart => ({
    title,
    xLabel: figure.axis,
    percent: true,
    yMax: 0,
    categories: figure.points,
    series: figure.lines.map((line) => ({ name: line.name, points: losses(line, rows, top1Of) })),
  });
  return renderCharts([
    chart(`${source}: change of ${columns[0]}, points`, published),
    chart(`Measured, scale ${scale}: change of kNN top-1, points`, measured),
  ]);
}

function losses(
  line: Figure['lines'][number],
  rows: readonly ReportedRow[],
  top1Of: (row: ReportedRow | undefined) => number,
): Point[] {
  const values = line.rows.map((id) => top1Of(rows.find((row) => row.id === id)));
  const first = values[0] ?? Number.NaN;
  // A point that was not measured is left out, and the line goes on.
  return values.flatMap((value, index): Point[] => (Number.isFinite(value) ? [[index, value - first]] : []));
}
