import { chartLibrary } from './chart-library.js';
import { renderData, renderPage } from './html.js';
import { renderChart } from './line-chart.js';
import type { RunData } from './run-data.js';
import { type RunsChart, runsCharts } from './runs-charts.js';
import { type RunsParts, runsParts } from './runs-parts.js';
import { runsScript } from './runs-script.js';
import { renderDifferences, renderSettings } from './runs-settings.js';
import { runsStyle } from './runs-style.js';
import { staticChart } from './static-charts.js';
import { escapeText } from './svg.js';

/** The page of a run, or of several side by side: one file, no network, everything that was measured under the pointer. */

export interface RunsPageOptions {
  /** Left out: the run's own title, or "N runs". */
  readonly title?: string;
  /** Left out: the page shows what was there when it was made. */
  readonly live?: LivePage;
}

/** A page that is sent by a server and asks it for news while it is looked at. */
export interface LivePage {
  /** Relative to the page; gives a RunsUpdate as JSON. */
  readonly address: string;
  readonly everySeconds: number;
  /** The page of all runs, relative to this one. */
  readonly home: string;
}

/** What an open page needs to be up to date. */
export interface RunsUpdate {
  readonly parts: RunsParts;
  readonly charts: readonly RunsChart[];
  readonly runs: ReadonlyArray<Pick<RunData, 'name' | 'steps' | 'stepsPerEpoch' | 'readings' | 'epochs'>>;
}

export function runsUpdate(runs: readonly RunData[]): RunsUpdate {
  return {
    parts: runsParts(runs),
    charts: runsCharts(runs),
    runs: runs.map(({ name, steps, stepsPerEpoch, readings, epochs }) => ({
      name,
      steps,
      stepsPerEpoch,
      readings,
      epochs,
    })),
  };
}

/** At least one run. */
export function renderRunsPage(runs: readonly RunData[], { title, live }: RunsPageOptions = {}): string {
  const { script, style } = chartLibrary();
  const { parts, ...data } = runsUpdate(runs);
  const [only] = runs;
  const single = runs.length === 1 && only !== undefined;
  // Without scripts, as in some viewers, the first charts are pictures.
  const pictures = data.charts.slice(0, 4).map((chart) => renderChart(staticChart(chart, runs)));
  return renderPage(
    title ?? (single ? only.title : `${runs.length} runs`),
    `${live === undefined ? '' : `<p><a href="${escapeText(live.home)}">All runs</a> <span id="live" role="status">Live</span></p>`}
<div id="summary">${parts['summary']}</div>
<section id="charts" aria-label="Charts">
${CONTROLS}
<noscript><div class="charts">${pictures.join('\n')}</div></noscript>
</section>
<details><summary>Values as a table</summary><div id="values">${parts['values']}</div></details>
${runs.map((run) => renderViews(run, single)).join('\n')}
${single ? renderSettings(only) : renderDifferences(runs)}
${renderData('runs-data', { ...data, live: live ?? null })}`,
    { style: `${style}${runsStyle}`, scripts: [script, runsScript], asksServer: live !== undefined },
  );
}

/** Shown by the script: they do nothing without it. */
const CONTROLS = `<div class="controls" hidden>
<label>Over <select id="axis"><option value="step">steps</option><option value="epoch">epochs</option><option value="seconds">training time</option></select></label>
<label>Smoothing <input id="smoothing" type="range" min="0" max="99" step="1" value="0"> <output for="smoothing">0</output></label>
<label><input id="log" type="checkbox"> logarithmic</label>
<button type="button" id="whole" disabled>Whole range</button>
<span class="hint">Drag to enlarge, double click for the whole; arrow keys read values off a chart.</span>
</div>`;

function renderViews({ views, name }: RunData, single: boolean): string {
  if (views === null) return '';
  const { address, width, height } = views;
  const title = single ? 'What the network sees' : `What the network of ${escapeText(name)} sees`;
  return `<details${single ? ' open' : ''}><summary>${title}</summary>
<p>Training images, each with view 1 (T) and view 2 (T') as the first epoch draws them.</p>
<img src="${escapeText(address)}" width="${width}" height="${height}" alt="Rows of an image and its two views"></details>`;
}
