import { renderCharts } from '../report/line-chart.js';
import type { RunData } from '../report/run-data.js';
import { runsCharts } from '../report/runs-charts.js';
import { renderRunsPage } from '../report/runs-page.js';
import { staticChart } from '../report/static-charts.js';

/** curves.svg of a run: loss and accuracy side by side, for pages that show pictures. Before the first reading one chart says so. */
export function runCurves(run: RunData): string {
  const charts = runsCharts([run])
    .filter(({ lines }) => lines.some(({ metric }) => metric === 'loss' || metric === 'knn/top1' || metric === PROBE))
    .map((chart) => staticChart(chart, [run]));
  const nothing = { title: run.loss.title, xLabel: 'optimiser step', series: [] };
  return renderCharts(charts.length === 0 ? [nothing] : charts);
}

/** The accuracy that there is without test images. */
const PROBE = 'probe/online/top1';

/** report.html of a run. */
export function runReport(run: RunData): string {
  return renderRunsPage([run]);
}
