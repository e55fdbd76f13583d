import { type BarChart, renderBars } from '../../report/bars.js';
import { renderDetails, renderPage } from '../../report/html.js';
import { escapeText } from '../../report/svg.js';
import { claimCells, claimHeader, meanText } from '../cells.js';
import { table } from '../markdown.js';
import { renderCells } from '../page.js';
import { publishedText, publishedValue } from '../table.js';
import type { EncoderTableReport, ReportedEncoder } from './report.js';

/** The report of a table of encoders in the forms in which it is read: the same cells in each. */

interface Part {
  readonly title?: string;
  readonly lines?: readonly string[];
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly numbers: readonly number[];
}

/** As the paper prints it, with a second line for each encoder that was measured. */
function parts(report: EncoderTableReport): Part[] {
  const { columns, rows, claims, unmeasuredClaims: left, rule, rules } = report;
  return [
    {
      header: ['encoder', '', ...columns.map(({ name }) => name), 'remarks'],
      rows: rows.flatMap((row) => rowLines(row)),
      numbers: columns.map((_, index) => index + 2),
    },
    {
      title: 'What the columns are',
      header: ['column', 'number', 'measured by', 'images'],
      rows: columns.map(({ name, number, how, images, measured }) => [
        name,
        number,
        measured ? how.join('; ') : 'not measured',
        images,
      ]),
      numbers: [],
    },
    {
      title: 'What is claimed',
      lines: [rule, ...rules, ...(left.length === 0 ? [] : [leftOut(left)])],
      header: claimHeader,
      rows: claimCells(claims),
      numbers: [],
    },
  ];
}

function leftOut(claims: readonly string[]): string {
  const are = claims.length === 1 ? 'claim is' : 'claims are';
  return `${claims.length} more ${are} about numbers that are not measured here, and not judged: ${claims.join(' ')}`;
}

function rowLines({ label, published, source, settings, notRun, measured, diverged }: ReportedEncoder): string[][] {
  const isPublished = published.some((number) => number !== null);
  const printed = [label, 'published', ...measured.map((_, index) => publishedText(published[index]))];
  const remarks = [...settings, ...(diverged === 0 ? [] : [`${diverged} not finite`])].join('; ');
  if (notRun !== undefined) return [[...printed, `${source}; not measured: ${notRun}`]];
  const mine = [isPublished ? '' : label, 'measured', ...measured.map((value) => meanText(value, 100)), remarks];
  return isPublished ? [[...printed, source], mine] : [mine];
}

function introduction({ source, scale, used, seeds, finishedRuns, plannedRuns, notes }: EncoderTableReport): string[] {
  return [
    `Published: ${source}; percent.`,
    `Measured: scale '${scale}', ${seeds} ${seeds === 1 ? 'seed' : 'seeds'} each; encoders trained with ${used}. ${finishedRuns} of ${plannedRuns} evaluations are finished.`,
    'Measured numbers are percent, mean ± half the range over the seeds.',
    ...(scale === 'paper'
      ? []
      : ['The published numbers are of other data and networks: compare the order of the rows, not their values.']),
    ...notes,
  ];
}

/** table.md */
export function renderEncoderMarkdown(report: EncoderTableReport): string {
  const places = report.environments.map((place) => {
    const { cpu, cores, device, precision, torch, version, commit } = place as Record<string, unknown>;
    return `- ${cpu}, ${cores} cores, ${device}, ${precision}, LibTorch ${torch}, byol-torch ${version} ${commit ?? ''}`.trimEnd();
  });
  const section = ({ title, lines = [], header, rows, numbers }: Part): string[] => [
    ...(title === undefined ? [] : ['', `## ${title}`]),
    ...lines.flatMap((line) => ['', line]),
    '',
    ...table(header, rows, numbers),
  ];
  return [
    `# ${report.title}`,
    ...introduction(report).flatMap((line) => ['', line]),
    '',
    '![Published beside measured](chart.svg)',
    ...parts(report)
      .filter(({ rows }) => rows.length > 0)
      .flatMap(section),
    ...list(
      'What the evaluations say of themselves',
      report.remarks.map((remark) => `- ${remark}`),
    ),
    ...list('Where it was measured', places),
    '',
  ].join('\n');
}

function list(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines];
}

/** table.html: one file without any external resource. */
export function renderEncoderPage(report: EncoderTableReport): string {
  const section = ({ title, lines = [], header, rows, numbers }: Part): string[] => [
    ...(title === undefined ? [] : [`<h2>${escapeText(title)}</h2>`]),
    ...lines.map((line) => `<p>${escapeText(line)}</p>`),
    renderCells(header, rows, numbers),
  ];
  return renderPage(
    report.title,
    [
      ...introduction(report).map((text) => `<p>${escapeText(text)}</p>`),
      `<div class="scroll" tabindex="0" role="region" aria-label="Chart">${renderEncoderChart(report)}</div>`,
      ...parts(report)
        .filter(({ rows }) => rows.length > 0)
        .flatMap(section),
      ...(report.remarks.length === 0
        ? []
        : [
            '<h2>What the evaluations say of themselves</h2>',
            `<ul>${report.remarks.map((remark) => `<li>${escapeText(remark)}</li>`).join('')}</ul>`,
          ]),
      renderDetails('Base configuration', report.base),
      ...report.environments.map((place) => renderDetails('Environment', place)),
    ].join('\n'),
  );
}

/** chart.svg: published beside measured in the first column that is measured. */
export function renderEncoderChart({ columns, rows, scale }: EncoderTableReport): string {
  const index = Math.max(
    0,
    columns.findIndex((_, column) => rows.some(({ measured }) => measured[column] !== null)),
  );
  const name = columns[index]?.name ?? '';
  const groups: BarChart['groups'] = rows.map(({ label, published, measured }) => {
    const printed = publishedValue(published[index]);
    const own = measured[index] ?? null;
    return {
      label,
      bars: [
        { value: printed === null ? null : printed / 100 },
        own === null ? { value: null } : { value: own.mean, range: [own.min, own.max] },
      ],
    };
  });
  return renderBars({
    title: `${name}: published beside measured, percent`,
    names: [`published, ${name}`, `measured, scale ${scale}`],
    groups,
  });
}
