import { type MetricDefinitions, metricDefinitions } from '../metrics/definitions.js';
import { percent, points } from '../text/format.js';
import { runLook } from './line-looks.js';
import type { ResultRow, RunData, RunVerdict } from './run-data.js';
import { escapeText } from './svg.js';
import { valueText } from './value-text.js';

/** What a page says of runs while they go on, by the id of the element that holds it: HTML, made again whenever there is news. */
export type RunsParts = Readonly<Record<string, string>>;

export function runsParts(runs: readonly RunData[]): RunsParts {
  const [only] = runs;
  return {
    summary: runs.length === 1 && only !== undefined ? renderSummary(only) : renderRuns(runs),
    values: renderValues(runs),
  };
}

function tone({ state }: RunVerdict): string {
  return { collapsed: 'bad', 'partly collapsed': 'bad', 'not learning yet': 'fair', learning: 'good' }[state];
}

function renderSummary(run: RunData): string {
  const links = run.links.map(
    ({ address, title, text }) =>
      `<p><a href="${escapeText(address)}">${escapeText(title)}</a>: ${escapeText(text)}</p>`,
  );
  return `<p>${escapeText(run.status)}</p>
<p class="verdict ${tone(run.verdict)}">${escapeText(run.verdict.text)}</p>
${renderResults(run.results)}
${run.record === null ? '' : `<p>${escapeText(run.record)}</p>`}
${links.join('\n')}`;
}

function renderResults(results: readonly ResultRow[]): string {
  const measured = results.filter(({ untrained, trained }) => untrained !== null || trained !== null);
  if (measured.length === 0) return '';
  const recorded = measured.some((row) => row.recorded !== null);
  const rows = measured.map(({ name, untrained, trained, recorded: of }) => [
    name,
    percent(untrained),
    percent(trained),
    untrained === null || trained === null ? '' : points(trained - untrained),
    ...(recorded ? [of === null ? '' : recordedText(of)] : []),
  ]);
  return renderTable(
    ['Test accuracy', 'untrained', 'trained', 'points', ...(recorded ? ['recorded, lowest to highest'] : [])],
    rows,
  );
}

function recordedText({ mean, min, max }: NonNullable<ResultRow['recorded']>): string {
  return `${percent(mean)} (${(100 * min).toFixed(1)} to ${(100 * max).toFixed(1)})`;
}

/** The sign of a run in every chart. */
export function renderSign(index: number): string {
  const { light, dark, dash } = runLook(index);
  const dashes = dash.length === 0 ? '' : ` stroke-dasharray="${dash.join(' ')}"`;
  return `<svg class="sign" width="30" height="10" aria-hidden="true"><line x1="0" y1="5" x2="30" y2="5" stroke-width="3" style="stroke:light-dark(${light},${dark})"${dashes}/></svg>`;
}

function renderRuns(runs: readonly RunData[]): string {
  const names = [...new Set(runs.flatMap(({ results }) => results.map(({ name }) => name)))];
  const cells = (run: RunData): string =>
    names
      .map((name) => {
        const row = run.results.find((result) => result.name === name);
        const gain =
          row?.trained == null || row.untrained === null
            ? ''
            : ` <small>${points(row.trained - row.untrained)}</small>`;
        return `<td class="number">${percent(row?.trained)}${gain}</td>`;
      })
      .join('');
  const rows = runs.map(
    (run, index) =>
      `<tr><th scope="row">${renderSign(index)} ${escapeText(run.name)}<br><small>${escapeText(run.title)}</small></th>${cells(run)}<td class="number">${run.steps.toLocaleString('en-US')}</td><td>${escapeText(run.status)}</td><td><span class="tag ${tone(run.verdict)}">${escapeText(run.verdict.state)}</span> ${escapeText(run.verdict.text)}</td></tr>`,
  );
  return `<div class="scroll" tabindex="0" role="region" aria-label="Runs"><table class="ruled wide">
<thead><tr><th>run</th>${names.map((name) => `<th class="number">${escapeText(name)} <small>over untrained</small></th>`).join('')}<th class="number">steps</th><th>how far</th><th>verdict</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`;
}

/** What charts show, for those who would rather read it. */
function renderValues(runs: readonly RunData[], definitions: MetricDefinitions = metricDefinitions): string {
  const rows = Object.entries(definitions).flatMap(([name, { title, unit }]) => {
    const columns = runs.map((run) => run[run.epochs.values[name] === undefined ? 'readings' : 'epochs'].values[name]);
    if (columns.every((column) => column === undefined)) return [];
    const text = (value: number | undefined): string => (value === undefined ? '' : valueText(value, unit ?? null));
    const cells = columns.flatMap((column) => {
      const finite = (values: ReadonlyArray<number | null> = []) => values.filter((value) => value !== null);
      const means = finite(column?.mean);
      if (runs.length > 1) return [text(means.at(-1))];
      return [
        text(means[0]),
        text(means.at(-1)),
        text(least(finite(column?.low ?? column?.mean))),
        text(most(finite(column?.high ?? column?.mean))),
      ];
    });
    return [[title, ...cells]];
  });
  if (rows.length === 0) return '<p>Nothing was measured yet.</p>';
  return renderTable(
    runs.length > 1 ? ['last value', ...runs.map(({ name }) => name)] : ['', 'first', 'last', 'lowest', 'highest'],
    rows,
  );
}

function least(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b));
}

function most(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b));
}

/** The first cell of each row is what it is about; the others are numbers. */
function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = header.map((text, at) => `<th scope="col"${at === 0 ? '' : ' class="number"'}>${escapeText(text)}</th>`);
  const body = rows.map(
    ([first = '', ...others]) =>
      `<tr><th scope="row">${escapeText(first)}</th>${others.map((text) => `<td class="number">${escapeText(text)}</td>`).join('')}</tr>`,
  );
  return `<div class="scroll"><table class="ruled"><thead><tr>${head.join('')}</tr></thead>
<tbody>${body.join('\n')}</tbody></table></div>`;
}
