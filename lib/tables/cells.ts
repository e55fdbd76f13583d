import type { ReportedRow, TableReport } from './report.js';
import type { Summary } from './statistics.js';
import { publishedText } from './table.js';

/** A report's rows as text, the same for every form in which it is read. */

export interface Cells {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns of numbers. */
  readonly numbers: readonly number[];
}

export function resultCells({ columns, rows }: TableReport): Cells {
  const measured = ['kNN top-1', 'over untrained', 'linear top-1', 'over untrained', 'collapse/std', 'collapse/rank'];
  const header = ['setting', 'differs from the base in', ...columns, 'published in', ...measured, 'verdicts'];
  const first = 2;
  const numbers = [...columns.map((_, i) => first + i), ...measured.map((_, i) => first + columns.length + 1 + i)];
  return {
    header: header.map((name, index) =>
      index >= first && index < first + columns.length ? `published ${name}` : name,
    ),
    rows: rows.map((row) => [
      row.label,
      row.settings.join('; '),
      ...columns.map((_, index) => publishedText(row.published[index])),
      row.source,
      ...measuredCells(row),
    ]),
    numbers,
  };
}

function measuredCells({ measured, notRun }: ReportedRow): string[] {
  if (measured === null)
    return ['-', '-', '-', '-', '-', '-', notRun === undefined ? 'not run yet' : `not run: ${notRun}`];
  const { knnTop1, knnGain, linearTop1, linearGain, collapseStd, collapseRank, verdicts, runs } = measured;
  const said = Object.entries(verdicts).map(([state, count]) => (count === runs ? state : `${state} (${count})`));
  return [
    meanText(knnTop1, 100),
    gainText(knnGain),
    meanText(linearTop1, 100),
    gainText(linearGain),
    meanText(collapseStd, 1, 2),
    meanText(collapseRank, 1),
    `${said.join(', ')}; ${runs} ${runs === 1 ? 'seed' : 'seeds'}`,
  ];
}

function gainText(gain: Summary | null): string {
  return gain !== null && gain.mean > 0 ? `+${meanText(gain, 100)}` : meanText(gain, 100);
}

/** "43.8 ± 0.5": mean and half the range over the seeds, as the paper prints it. */
export function meanText(summary: Summary | null, factor: number, digits = 1): string {
  if (summary === null) return '-';
  const mean = (factor * summary.mean).toFixed(digits);
  return summary.runs === 1 ? mean : `${mean} ± ${((factor * (summary.max - summary.min)) / 2).toFixed(digits)}`;
}

export const claimHeader = ['claim', 'rule', 'judged', 'by'] as const;

export function claimCells(
  claims: ReadonlyArray<{
    readonly claim: { readonly says: string };
    readonly rule: string;
    readonly verdict: string;
    readonly why: string;
    readonly explained?: string | undefined;
  }>,
): string[][] {
  return claims.map(({ claim, why, rule, ...judged }) => [claim.says, rule, verdictText(judged), why]);
}

/** With the explanation, if there is one. */
export function verdictText(
  { verdict, explained }: { readonly verdict: string; readonly explained?: string | undefined },
  strong: (text: string) => string = (text) => text,
): string {
  const judged = verdict === 'does not hold' ? strong(verdict) : verdict;
  return explained === undefined ? judged : `${judged}: ${explained}`;
}

/** The first sentences of a report. */
export function introduction(report: TableReport): string[] {
  const { source, scale, used, seeds, finishedRuns, plannedRuns, extraRuns } = report;
  const extra = extraRuns === 0 ? '' : `, and ${extraRuns} more of further seeds, for claims that these left open`;
  return [
    `Published: ${source}; accuracies in percent.`,
    `Measured: scale '${scale}', ${seeds} ${seeds === 1 ? 'seed' : 'seeds'} each; ${used}. ${finishedRuns} of ${plannedRuns} runs are finished${extra}.`,
    'Measured accuracies are percent on the test images, mean ± half the range over the seeds.',
    ...(scale === 'paper'
      ? []
      : ['The published numbers are of other data and networks: compare the order of the rows, not their values.']),
    ...(scale === 'ci'
      ? ['In runs of some hundred steps the fastest learner is ahead, which need not be the one that ends highest.']
      : []),
    ...report.notes,
  ];
}
