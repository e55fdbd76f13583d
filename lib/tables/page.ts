import { type BarChart, renderBars } from '../report/bars.js';
import { renderPage, renderTree } from '../report/html.js';
import { escapeText } from '../report/svg.js';
import { claimCells, claimHeader, introduction, resultCells } from './cells.js';
import type { TableReport } from './report.js';
import { publishedValue } from './table.js';

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
          renderCells(claimHeader, claimCells(report), []),
        ];
  const environments =
    report.environments.length === 0 ? [] : ['<h2>Environment</h2>', ...report.environments.map(renderTree)];
  return renderPage(
    report.title,
    [
      ...paragraphs,
      renderBars(chartOf(report)),
      renderCells(header, rows, numbers),
      ...claims,
      '<h2>Base configuration</h2>',
      renderTree(report.base),
      ...environments,
    ].join('\n'),
  );
}

function chartOf({ columns, rows, scale }: TableReport): BarChart {
  return {
    title: 'Published beside measured, percent',
    names: [`published, ${columns[0]}`, `measured kNN top-1, scale ${scale}`],
    markName: 'kNN top-1 of the untrained network',
    groups: rows.map(({ label, published, measured }) => {
      const value = publishedValue(published[0]);
      const knn = measured?.knnTop1 ?? null;
      const gain = measured?.knnGain ?? null;
      return {
        label,
        bars: [
          { value: value === null ? null : value / 100 },
          knn === null
            ? { value: null }
            : {
                value: knn.mean,
                range: [knn.min, knn.max],
                ...(gain !== null && { mark: knn.mean - gain.mean }),
              },
        ],
      };
    }),
  };
}

function renderCells(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[],
): string {
  const line = (tag: 'th' | 'td', cells: readonly string[]): string =>
    `<tr>${cells.map((text, index) => `<${tag}${numbers.includes(index) ? ' class="number"' : ''}>${escapeText(text)}</${tag}>`).join('')}</tr>`;
  return `<table>\n${[line('th', header), ...rows.map((cells) => line('td', cells))].join('\n')}\n</table>`;
}
