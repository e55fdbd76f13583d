import { renderDetails, renderPage } from '../report/html.js';
import { escapeText } from '../report/svg.js';
import { claimCells, claimHeader, introduction, resultCells } from './cells.js';
import { renderChart } from './chart.js';
import { renderFigure } from './figure.js';
import type { TableReport } from './report.js';

/** table.html: one file without any external resource. */
export function renderTablePage(report: TableReport): string {
  const { header, rows, numbers } = resultCells(report);
  const paragraphs = introduction(report).map((text) => `<p>${escapeText(text)}</p>`);
  const claims =
    report.claims.length === 0
      ? []
      : [
          '<h2>What the table claims</h2>',
          `<p>${escapeText(report.rule)}</p>`,
          `<ul>${report.rules.map((rule) => `<li>${escapeText(rule)}</li>`).join('')}</ul>`,
          renderCells(claimHeader, claimCells(report.claims), []),
        ];
  const figure = renderFigure(report);
  const environments = report.environments.map((place) => renderDetails('Environment', place));
  return renderPage(
    report.title,
    [
      ...paragraphs,
      renderPicture('Chart', renderChart(report)),
      ...(figure === null || report.figure === undefined ? [] : [renderPicture(report.figure.title, figure)]),
      renderCells(header, rows, numbers),
      ...claims,
      renderDetails('Base configuration', report.base),
      ...environments,
    ].join('\n'),
  );
}

/** Wider than its window a picture scrolls by itself, by keys too. */
function renderPicture(label: string, svg: string): string {
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeText(label)}">${svg}</div>`;
}

/** Wider than its window a table scrolls by itself, by keys too. */
export function renderCells(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[],
): string {
  const line = (tag: 'th' | 'td', cells: readonly string[]): string =>
    `<tr>${cells.map((text, index) => `<${tag}${numbers.includes(index) ? ' class="number"' : ''}>${escapeText(text)}</${tag}>`).join('')}</tr>`;
  return `<div class="scroll" tabindex="0" role="region" aria-label="Table"><table class="ruled wide">\n${[line('th', header), ...rows.map((cells) => line('td', cells))].join('\n')}\n</table></div>`;
}
