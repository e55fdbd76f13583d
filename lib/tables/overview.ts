import { join } from 'node:path';
import { writeAtomically } from '../files/atomic-file.js';
import { renderPage } from '../report/html.js';
import { escapeText } from '../report/svg.js';
import { duration } from '../text/format.js';
import { verdictText } from './cells.js';
import { table } from './markdown.js';
import { type OverviewClaim, type OverviewTable, overviewTables } from './overview-reports.js';
import { renderCells } from './page.js';

/** All tables of a folder on one page: what the papers claim, what was measured, and how it was judged. */

export const OVERVIEW_FILE = 'README.md';
/** The same as one HTML page, pictures included. */
export const OVERVIEW_PAGE = 'overview.html';

/** How every overview begins, by which it is told from a README of somebody else. */
export const OVERVIEW_START = '# Published tables, measured\n\nWritten by `byol tables`, after every run.';
const TITLE = 'Published tables, measured';
const ABOUT =
  'Each table: its picture, how it was measured, and its claims with the published numbers that they are about beside the measured ones. Paper and measured are percent, ' +
  'unless they are named otherwise; of other data and networks, so that their order is to be compared and not their values. Each report has all rows, and the rule by which claims are judged. ' +
  'Times are summed up over the runs of a table, of which several may have gone on at once.';

/** Throws ERR_BYOL_IO. */
export async function writeOverview(out: string): Promise<void> {
  const tables = await overviewTables(out);
  await writeAtomically(join(out, OVERVIEW_FILE), renderOverview(tables));
  await writeAtomically(join(out, OVERVIEW_PAGE), renderOverviewPage(tables));
}

const HEADER = ['claim', 'paper', 'measured', 'judged', 'by'] as const;

/** README.md */
export function renderOverview(tables: readonly OverviewTable[]): string {
  const sections = tables.flatMap(({ path, title, facts, claims, picture }) => [
    '',
    `## ${title}`,
    '',
    ...(picture === null ? [] : [`![${unbracketed(title)}](${path}/chart.svg)`, '']),
    `${facts.join(' ')} [Its report](${path}/table.md).`,
    ...(claims.length === 0
      ? []
      : [
          '',
          ...table(
            HEADER,
            claims.map((claim) => claimCells(claim, (text) => `**${text}**`)),
          ),
        ]),
  ]);
  const linked = ({ title, path }: OverviewTable): string => `[${unbracketed(title)}](${path}/table.md)`;
  return [
    `${OVERVIEW_START} ${ABOUT}`,
    ...countLines(tables).flatMap((line) => ['', line]),
    '',
    ...table(SUMMARY_HEADER, summaryRows(tables, linked), SUMMARY_NUMBERS),
    ...sections,
    '',
  ].join('\n');
}

/** As the text of a link. */
function unbracketed(title: string): string {
  return title.replaceAll(/[[\]]/g, '');
}

/** overview.html */
export function renderOverviewPage(tables: readonly OverviewTable[]): string {
  const sections = tables.map(({ title, facts, claims, picture }) =>
    [
      `<h2>${escapeText(title)}</h2>`,
      // As a picture, not as a part of the page: whatever is in the file, none of it runs.
      ...(picture === null
        ? []
        : [
            `<div class="scroll" tabindex="0" role="region" aria-label="Chart"><img alt="${escapeText(title)}, published beside measured" src="data:image/svg+xml;base64,${Buffer.from(picture).toString('base64')}"></div>`,
          ]),
      `<p>${escapeText(facts.join(' '))}</p>`,
      ...(claims.length === 0
        ? []
        : [
            renderCells(
              HEADER,
              claims.map((claim) => claimCells(claim)),
              [],
            ),
          ]),
    ].join('\n'),
  );
  const paragraphs = [ABOUT, ...countLines(tables)].map((text) => `<p>${escapeText(text)}</p>`);
  const summary = renderCells(
    SUMMARY_HEADER,
    summaryRows(tables, ({ title }) => title),
    SUMMARY_NUMBERS,
  );
  return renderPage(TITLE, [...paragraphs, summary, ...sections].join('\n'));
}

/** How many claims there are, and what became of them. */
function countLines(tables: readonly OverviewTable[]): string[] {
  const all = tables.flatMap(({ claims }) => claims);
  if (all.length === 0) return [];
  const [hold, not, open] = verdictCounts(all);
  return [`Of ${all.length} claims ${hold} hold, ${not} do not and ${open} are not decided at this scale.`];
}

const VERDICTS = ['holds', 'does not hold', 'not decided at this scale'] as const;

function verdictCounts(claims: readonly OverviewClaim[]): number[] {
  return VERDICTS.map((word) => claims.filter(({ verdict }) => verdict === word).length);
}

const SUMMARY_HEADER = ['table', 'scale', 'runs', 'time of all', ...VERDICTS] as const;
const SUMMARY_NUMBERS = [2, 3, 4, 5, 6] as const;

/** A table in a line. `name`: how it is written. */
function summaryRows(tables: readonly OverviewTable[], name: (table: OverviewTable) => string): string[][] {
  return tables.map((table) => [
    name(table),
    table.path.split('/').at(-1) as string,
    String(table.runs),
    table.seconds === 0 ? '-' : duration(table.seconds),
    ...verdictCounts(table.claims).map(String),
  ]);
}

/** `strong`: of a verdict that stands out. */
function claimCells(
  { says, paper, measured, why, ...judged }: OverviewClaim,
  strong?: (text: string) => string,
): string[] {
  return [says, paper, measured, verdictText(judged, strong), why];
}
