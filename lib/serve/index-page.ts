import { renderPage } from '../report/html.js';
import { indexScript } from './index-script.js';

/** The list of all runs of a folder. What it shows comes by itself, from runs.json beside it. */
export function indexPage(folder: string): string {
  return renderPage(`Runs in ${folder}`, BODY, { style: STYLE, scripts: [indexScript], asksServer: true });
}

const BODY = `<p class="tools"><input id="filter" type="search" placeholder="Filter: words of name, preset, state, verdict" aria-label="Filter runs" autocomplete="off" spellcheck="false">
<span id="summary" role="status">Reading the folder ...</span> <a id="compare" hidden></a></p>
<p id="notice" role="alert" hidden></p>
<noscript><p>This page needs JavaScript: it shows runs while they go on. <code>byol report RUN</code> makes a page of one.</p></noscript>
<table>
<thead><tr><th></th><th>Run</th><th>State</th><th>Progress</th><th>Loss</th><th>kNN</th><th>Verdict</th><th>Began</th></tr></thead>
<tbody></tbody>
</table>
<p id="empty" hidden></p>
<p id="notes" class="faint"></p>`;

const STYLE = `
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { max-width: 1500px; }
h1 { font-size: 1.5em; }
.faint { color: var(--faint); font-size: 13px; }
.tools { display: flex; flex-wrap: wrap; gap: .6em 1.2em; align-items: center; }
#filter { font: inherit; padding: .35em .6em; width: 24em; max-width: 100%; color: inherit; background: var(--page); border: 1px solid var(--faint); border-radius: 4px; }
#compare { padding: .35em .9em; border-radius: 4px; background: light-dark(#005a9c, #6cb6f5); color: var(--page); text-decoration: none; }
#notice { padding: .5em .9em; border-left: 5px solid #d55e00; background: var(--bad); }
table { width: 100%; }
th { text-align: left; font-weight: 600; font-size: 13px; }
th, td { padding: .5em 1em .5em 0; vertical-align: top; }
tbody tr { border-top: 1px solid var(--rule); }
.name { min-width: 9em; overflow-wrap: anywhere; }
.name a { font-weight: 600; }
.status { min-width: 8em; max-width: 22em; overflow-wrap: anywhere; }
.state::before { content: ''; display: inline-block; width: .6em; height: .6em; margin-right: .45em; border-radius: 50%; background: var(--faint); }
.state.running::before { background: #0072b2; }
.state.finished::before { background: #009e73; }
.state.stopped::before { background: #e69f00; }
.state.broken::before { background: #d55e00; }
progress { width: 10em; height: .6em; accent-color: light-dark(#0072b2, #56b4e9); }
.progress .faint, .value, .began { font-variant-numeric: tabular-nums; }
.loss { white-space: nowrap; }
.spark { display: block; width: 112px; max-width: none; height: 28px; }
.spark polyline { fill: none; stroke: light-dark(#0072b2, #56b4e9); stroke-width: 1.5; stroke-linejoin: round; }
.spark circle { fill: light-dark(#0072b2, #56b4e9); }
.judged { width: 27%; }
.verdict { font-size: 13px; max-width: 42em; padding: .2em .7em; border-left-width: 4px; }
.verdict:empty { display: none; }
.began { white-space: nowrap; }
@media (max-width: 1000px) {
  thead { display: none; }
  table, tbody { display: block; }
  tbody tr { display: grid; grid-template-columns: 1.6em 1fr 1fr; gap: .5em 1em; padding: .8em 0; }
  td { padding: 0; grid-column: 2 / -1; }
  td.choose { grid-column: 1; }
  td { width: auto; max-width: none; }
  td.began { display: flex; gap: .6em; }
  td.loss { grid-column: 2; }
  td.knn { grid-column: 3; }
  td:empty { display: none; }
  .value::before { content: attr(data-label) ' '; color: var(--faint); font-size: 13px; }
  progress { width: 100%; }
  .verdict { max-width: none; }
}
`;
