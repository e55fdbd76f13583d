import { COLLAPSED_BELOW, LEAST_GAIN } from '../train/verdict.js';
import { type Summary, standardError, summarize } from './statistics.js';

/** What a table says, in a form that measurements can answer. Rows by their id. */
export type Claim = {
  /** The claim in a sentence. */
  readonly says: string;
} & (
  | { readonly kind: 'collapses'; readonly row: string }
  | { readonly kind: 'doesNotCollapse'; readonly row: string }
  | { readonly kind: 'learns'; readonly row: string }
  | { readonly kind: 'better'; readonly row: string; readonly than: string }
  | { readonly kind: 'close'; readonly row: string; readonly to: string }
  | { readonly kind: 'losesMore'; readonly drop: Drop; readonly thanDrop: Drop }
);

/** From one row to a worse one: a change, as a table that removes things shows it. */
export interface Drop {
  readonly from: string;
  readonly to: string;
}

/** By the rule of the claim's kind. */
export type ClaimVerdict = 'holds' | 'does not hold' | 'not decided at this scale';

export interface Judgement {
  readonly claim: Claim;
  readonly verdict: ClaimVerdict;
  /** The numbers that decided, or what was missing. */
  readonly why: string;
  /** By which it was judged, in words. */
  readonly rule: string;
}

/** What was measured of a row, one value a seed; accuracies are fractions. */
export interface RowSamples {
  /** By the measure that the table is judged by (Table.judgedBy). */
  readonly top1: readonly number[];
  /** top1 over that of the same network before its first step. */
  readonly gain: readonly number[];
  readonly collapseStd: readonly number[];
  /** Runs whose loss was not finite: they have no values. */
  readonly diverged: number;
}

/** Fewer seeds say nothing about the spread between them. */
export const LEAST_SEEDS = 3;

/** Differences of means below this are not called one, however sure: fractions. */
export const LEAST_EFFECT = LEAST_GAIN;

const decided = `more than twice its standard error (Welch) and more than ${100 * LEAST_EFFECT} points`;

/** How each kind of claim is judged; under all of them, fewer than three seeds or a diverged run decide nothing. */
export const rules: Readonly<Record<Claim['kind'], string>> = {
  collapses: `Holds if the final collapse/std is below ${COLLAPSED_BELOW} with every seed, does not hold if with none.`,
  doesNotCollapse: `Holds if the final collapse/std is below ${COLLAPSED_BELOW} with no seed, does not hold if with every.`,
  learns: `Holds if the mean top-1 is higher than the untrained networks' by more than twice its standard error and more than ${100 * LEAST_EFFECT} points, does not hold if with twice its standard error it is still less than that.`,
  better: `Holds if the mean top-1 is higher by ${decided}, does not hold if it is lower by as much.`,
  close: `Holds if the difference of mean top-1 and twice its standard error (Welch) add up to less than ${100 * LEAST_EFFECT} points, does not hold if it is ${decided}.`,
  losesMore: `Holds if the loss of mean top-1 is larger than the other by ${decided}, does not hold if it is smaller by as much.`,
};

/** Accuracies that claims can be judged by. */
export const measures = { knn: 'kNN top-1', linear: 'linear top-1' } as const;
export type Measure = keyof typeof measures;

export function generalRule(measure: Measure): string {
  return (
    `Top-1 is ${measures[measure]}. A claim is judged with at least ${LEAST_SEEDS} seeds of each of its rows, none of which diverged; ` +
    'otherwise, and where its rule decides neither way, it is "not decided at this scale". Every verdict is on what was measured ' +
    'at this scale, not on the publication.'
  );
}

/** Ids of the rows that a claim is about. */
export function rowsOf(claim: Claim): string[] {
  switch (claim.kind) {
    case 'collapses':
    case 'doesNotCollapse':
    case 'learns':
      return [claim.row];
    case 'better':
      return [claim.row, claim.than];
    case 'close':
      return [claim.row, claim.to];
    case 'losesMore':
      return [claim.drop.from, claim.drop.to, claim.thanDrop.from, claim.thanDrop.to];
  }
}

/** Judges one claim by what was measured of its rows. */
export function judgeClaim(claim: Claim, measured: ReadonlyMap<string, RowSamples>): Judgement {
  const open = (why: string): Judgement => ({
    claim,
    verdict: 'not decided at this scale',
    why,
    rule: rules[claim.kind],
  });
  const samples: RowSamples[] = [];
  for (const id of new Set(rowsOf(claim))) {
    const row = measured.get(id);
    if (row === undefined) return open(`row '${id}' was not run`);
    if (row.diverged > 0) return open(`row '${id}' diverged`);
    const seeds = row.collapseStd.length;
    if (seeds < LEAST_SEEDS) return open(`row '${id}' has ${seeds} of ${LEAST_SEEDS} seeds`);
    samples.push(row);
  }
  const [verdict, why] = judge(claim, samples[0] as RowSamples, measured);
  return { claim, verdict, why, rule: rules[claim.kind] };
}

function judge(
  claim: Claim,
  row: RowSamples,
  measured: ReadonlyMap<string, RowSamples>,
): [verdict: ClaimVerdict, why: string] {
  switch (claim.kind) {
    case 'collapses':
    case 'doesNotCollapse':
      return judgeCollapse(claim.kind, row);
    case 'learns':
      return judgeGain(row);
    default:
      return judgeDifference(claim, measured);
  }
}

function judgeCollapse(kind: 'collapses' | 'doesNotCollapse', { collapseStd }: RowSamples): [ClaimVerdict, string] {
  // A spread that is not a number is none.
  const collapsed = collapseStd.filter((value) => !(value >= COLLAPSED_BELOW)).length;
  const why = `collapse/std ${collapseStd.map((value) => value.toFixed(2)).join(', ')}`;
  if (collapsed > 0 && collapsed < collapseStd.length) return ['not decided at this scale', why];
  return [collapsed > 0 === (kind === 'collapses') ? 'holds' : 'does not hold', why];
}

function judgeGain({ gain }: RowSamples): [ClaimVerdict, string] {
  const summary = summarize(gain);
  if (summary === null) return ['not decided at this scale', 'it was not measured'];
  const { mean } = summary;
  const margin = 2 * standardError(summary);
  const why = `gain ${points(mean)}, twice its standard error ${(100 * margin).toFixed(1)} points`;
  if (mean > margin && mean > LEAST_EFFECT) return ['holds', why];
  return [mean + margin < LEAST_EFFECT ? 'does not hold' : 'not decided at this scale', why];
}

function judgeDifference(
  claim: Extract<Claim, { kind: 'better' | 'close' | 'losesMore' }>,
  measured: ReadonlyMap<string, RowSamples>,
): [ClaimVerdict, string] {
  const accuracy = (id: string): Summary | null => summarize(measured.get(id)?.top1 ?? []);
  const all = rowsOf(claim).map(accuracy);
  if (!all.every((item) => item !== null)) return ['not decided at this scale', 'it was not measured'];
  // Of a loss, the better row comes first: (from - to) - (other from - other to).
  const difference = all.reduce((sum, { mean }, i) => sum + (i === 0 || i === 3 ? mean : -mean), 0);
  const margin = 2 * standardError(...all);
  const why = `difference ${points(difference)}, twice its standard error ${(100 * margin).toFixed(1)} points`;
  const size = Math.abs(difference);
  const differs = size > margin && size > LEAST_EFFECT;
  if (claim.kind === 'close') {
    if (differs) return ['does not hold', why];
    return [size + margin < LEAST_EFFECT ? 'holds' : 'not decided at this scale', why];
  }
  if (!differs) return ['not decided at this scale', why];
  return [difference > 0 ? 'holds' : 'does not hold', why];
}

function points(value: number): string {
  return `${value < 0 ? '-' : '+'}${(100 * Math.abs(value)).toFixed(1)} points`;
}
