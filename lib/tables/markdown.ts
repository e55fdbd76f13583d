import { claimCells, claimHeader, introduction, resultCells } from './cells.js';
import type { EncoderTable } from './encoders/encoder-table.js';
import { FIGURE_FILE } from './figure.js';
import type { TableReport } from './report.js';
import { publishedText, type Table } from './table.js';

/** table.md: a table with published beside measured, and the claims that it makes. */
export function renderMarkdown(report: TableReport): string {
  const { header, rows, numbers } = resultCells(report);
  const places = report.environments.map(({ cpu, cores, device, precision, torch, version, commit }) =>
    `- ${cpu}, ${cores} cores, ${device}, ${precision}, LibTorch ${torch}, byol-torch ${version} ${commit ?? ''}`.trimEnd(),
  );
  return [
    `# ${report.title}`,
    ...introduction(report).flatMap((line) => ['', line]),
    '',
    '![Published beside measured](chart.svg)',
    '',
    ...(report.figure === undefined ? [] : [`![${report.figure.title}, published and measured](${FIGURE_FILE})`, '']),
    ...table(header, rows, numbers),
    ...(report.claims.length === 0
      ? []
      : [
          '',
          '## What the table claims',
          '',
          report.rule,
          '',
          ...report.rules.map((rule) => `- ${rule}`),
          '',
          ...table(claimHeader, claimCells(report.claims)),
        ]),
    ...(places.length === 0 ? [] : ['', '## Where it was measured', '', ...places]),
    '',
  ].join('\n');
}

/** Only what was published. */
export function renderPublished({ title, source, columns, rows, missing, notes = [] }: Table | EncoderTable): string {
  const cells = rows.map((row) => [
    row.label,
    ...columns.map((_, index) => publishedText(row.published[index])),
    row.source ?? source,
  ]);
  const numbers = columns.map((_, index) => index + 1);
  return [
    `# ${title}`,
    '',
    missing === undefined ? 'Can be run.' : `Cannot be run yet. Missing: ${missing}.`,
    ...notes.flatMap((note) => ['', note]),
    '',
    ...table(['setting', ...columns, 'published in'], cells, numbers),
    '',
  ].join('\n');
}

/** A Markdown table; `numbers` are the columns set to the right. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(header), line(header.map((_, index) => (numbers.includes(index) ? '---:' : '---'))), ...rows.map(line)];
}

/** A bar ends a cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
