import type { RunData, Setting } from './run-data.js';
import { renderSign } from './runs-parts.js';
import { escapeText } from './svg.js';

/** The settings and environments of runs as HTML: folded, searched through by the page's script, what is unusual marked. */

const code = (text: string): string => `<code>${escapeText(text)}</code>`;

export function renderSettings({ settings, preset, environment }: RunData): string {
  const changed = settings.filter((setting) => setting.preset !== null).length;
  const told =
    preset === null
      ? ''
      : ` <small>${changed === 0 ? `all as in preset ${escapeText(preset)}` : `${changed} not as in preset ${escapeText(preset)}`}</small>`;
  return `<details class="settings" id="settings"><summary>Settings${told}</summary>
<div class="find" hidden><label>Search <input type="search" placeholder="batch, optimizer, 0.99"></label>${
    changed === 0 ? '' : '<label><input type="checkbox" class="only-changed"> only what differs from the preset</label>'
  }<output aria-live="polite"></output></div>
<div class="scroll"><table class="tree"><tbody>
${settings.map(renderSetting).join('\n')}
</tbody></table></div></details>
<details><summary>Environment</summary><div class="scroll"><table class="tree"><tbody>
${environment.map(([name, value]) => `<tr><td>${code(name)}</td><td>${code(value)}</td></tr>`).join('\n')}
</tbody></table></div></details>`;
}

function renderSetting({ path, value, preset }: Setting): string {
  if (preset === null) return `<tr><td>${code(path)}</td><td>${code(value)}</td></tr>`;
  return `<tr class="changed"><td>${code(path)}</td><td>${code(value)} <small>preset: ${code(preset)}</small></td></tr>`;
}

/** The settings in which several runs differ, and the places where they ran. */
export function renderDifferences(runs: readonly RunData[]): string {
  const settings = different(runs.map((run) => new Map(run.settings.map(({ path, value }) => [path, value]))));
  const places = different(runs.map(({ environment }) => new Map(environment)));
  const all = runs.map(
    ({ name, settings: own }, index) =>
      `<details><summary>${renderSign(index)} All settings of ${escapeText(name)}</summary><div class="scroll"><table class="tree"><tbody>
${own.map(renderSetting).join('\n')}
</tbody></table></div></details>`,
  );
  return `<h2>Settings that differ</h2>
${settings.length === 0 ? '<p>None: the runs have the same settings.</p>' : differing(runs, settings)}
<details><summary>Environments</summary>${places.length === 0 ? '<p>The same.</p>' : differing(runs, places)}</details>
${all.join('\n')}`;
}

type Row = readonly [path: string, values: ReadonlyArray<string | undefined>];

function different(runs: ReadonlyArray<ReadonlyMap<string, string>>): Row[] {
  const paths = [...new Set(runs.flatMap((run) => [...run.keys()]))];
  return paths
    .map((path): Row => [path, runs.map((run) => run.get(path))])
    .filter(([, values]) => new Set(values).size > 1);
}

function differing(runs: readonly RunData[], rows: readonly Row[]): string {
  const head = runs.map(({ name }, index) => `<th scope="col">${renderSign(index)} ${escapeText(name)}</th>`);
  const body = rows.map(
    ([path, values]) =>
      `<tr><th scope="row">${code(path)}</th>${values.map((value) => `<td>${value === undefined ? '' : code(value)}</td>`).join('')}</tr>`,
  );
  return `<div class="scroll" tabindex="0" role="region" aria-label="Differences"><table class="ruled"><thead><tr><th></th>${head.join('')}</tr></thead>
<tbody>${body.join('\n')}</tbody></table></div>`;
}
