import { type Chart, renderChart } from './line-chart.js';
import { escapeText } from './svg.js';

/** report.html: one file that explains a run, without any external resource. */

export interface ReportRow {
  readonly name: string;
  /** Accuracies as fractions; null: not measured. */
  readonly untrained: number | null;
  readonly trained: number | null;
}

export interface ReportLink {
  /** Relative to the page. */
  readonly address: string;
  readonly title: string;
  /** What it shows. */
  readonly text: string;
}

export interface ReportPage {
  readonly title: string;
  /** "finished", "stopped at step 120 of 400", ... */
  readonly status: string;
  readonly verdict: {
    readonly state: 'collapsed' | 'partly collapsed' | 'not learning yet' | 'learning';
    readonly text: string;
  };
  readonly rows: readonly ReportRow[];
  /** Pages beside this one. */
  readonly links: readonly ReportLink[];
  readonly charts: readonly Chart[];
  /** Any plain data; shown as a tree of paths and values. */
  readonly settings: object;
  readonly environment: object;
}

export function renderReport(page: ReportPage): string {
  const tone = { collapsed: 'bad', 'partly collapsed': 'bad', 'not learning yet': 'fair', learning: 'good' }[
    page.verdict.state
  ];
  return renderPage(
    page.title,
    `<p>${escapeText(page.status)}</p>
<p class="verdict ${tone}">${escapeText(page.verdict.text)}</p>
${renderResults(page.rows)}
${page.links.map(renderLink).join('\n')}
<div class="charts">
${page.charts.map(renderChart).join('\n')}
</div>
${renderDetails('Settings', page.settings)}
${renderDetails('Environment', page.environment)}`,
  );
}

function renderLink({ address, title, text }: ReportLink): string {
  return `<p><a href="${escapeText(address)}">${escapeText(title)}</a>: ${escapeText(text)}</p>`;
}

/** A whole page in the reports' style. `body` is HTML. */
export function renderPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeText(title)}</h1>
${body}
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; --text: #222; --page: #fff; --rule: #ddd; --good: #eef8f4; --fair: #fdf6e7; --bad: #fcefe6; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e6e6; --page: #15181c; --rule: #3a3f45; --good: #14291f; --fair: #2e2612; --bad: #331e12; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 1240px; margin: 2em auto; padding: 0 1em; }
h1, h2, p { overflow-wrap: anywhere; }
p { max-width: 60em; }
summary { font-size: 1.3em; font-weight: 600; margin: .5em 0; cursor: pointer; }
.verdict { padding: .6em 1em; border-left: 5px solid; }
.good { border-color: #009e73; background: var(--good); }
.fair { border-color: #e69f00; background: var(--fair); }
.bad { border-color: #d55e00; background: var(--bad); }
.scroll { overflow-x: auto; margin: 1em 0; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .2em 1.2em .2em 0; vertical-align: top; }
.ruled { font-size: 13px; line-height: 1.35; min-width: 56em; }
.ruled td { border-top: 1px solid var(--rule); min-width: 3em; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
.tree td:last-child { overflow-wrap: anywhere; min-width: 10em; }
.charts { display: flex; flex-wrap: wrap; gap: 8px; }
.charts svg { max-width: 100%; height: auto; }
.scroll > svg { display: block; width: 100%; min-width: 640px; height: auto; }
code { font-size: 13px; }
a { color: light-dark(#005a9c, #6cb6f5); }
`;

function renderResults(rows: readonly ReportRow[]): string {
  const measured = rows.filter((row) => row.untrained !== null || row.trained !== null);
  if (measured.length === 0) return '';
  const cell = (value: string): string => `<td class="number">${value}</td>`;
  const percent = (value: number | null): string => (value === null ? '' : `${(100 * value).toFixed(2)} %`);
  const gain = ({ untrained, trained }: ReportRow): string => {
    if (untrained === null || trained === null) return '';
    const points = 100 * (trained - untrained);
    return `${points >= 0 ? '+' : ''}${points.toFixed(2)}`;
  };
  const body = measured.map(
    (row) =>
      `<tr><td>${escapeText(row.name)}</td>${cell(percent(row.untrained))}${cell(percent(row.trained))}${cell(gain(row))}</tr>`,
  );
  return `<div class="scroll"><table>
<tr><th>Test accuracy</th><th class="number">untrained</th><th class="number">trained</th><th class="number">points</th></tr>
${body.join('\n')}
</table></div>`;
}

/** Plain data as a table of paths and values, which is opened where it is wanted. */
export function renderDetails(title: string, value: object): string {
  return `<details><summary>${escapeText(title)}</summary>${renderTree(value)}</details>`;
}

function renderTree(value: object): string {
  const rows = leaves(value, '').map(
    ([path, leaf]) => `<tr><td><code>${escapeText(path)}</code></td><td><code>${escapeText(leaf)}</code></td></tr>`,
  );
  return `<div class="scroll"><table class="tree">\n${rows.join('\n')}\n</table></div>`;
}

function leaves(value: unknown, path: string): Array<[string, string]> {
  const nested =
    value !== null && typeof value === 'object' && Object.values(value).some((item) => typeof item === 'object');
  if (value === null || typeof value !== 'object' || (Array.isArray(value) && !nested)) {
    return [[path, typeof value === 'string' ? value : JSON.stringify(value)]];
  }
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .flatMap(([key, item]) => leaves(item, path === '' ? key : `${path}.${key}`));
}
