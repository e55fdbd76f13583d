import { type ClaimVerdict, LEAST_EFFECT, LEAST_SEEDS } from '../claims.js';
import { standardError, summarize } from '../statistics.js';

/** A number of a table: a row's in a column, by their names. */
export interface CellName {
  readonly row: string;
  readonly column: string;
}

/** What a table of encoders says, in a form that measurements can answer. */
export interface CellClaim {
  /** The claim in a sentence. */
  readonly says: string;
  /** 'better': a higher number; 'close': as high. */
  readonly kind: 'better' | 'close';
  readonly of: CellName;
  readonly than: CellName;
}

export interface CellJudgement {
  readonly claim: CellClaim;
  readonly verdict: ClaimVerdict;
  /** The numbers that decided, or what was missing. */
  readonly why: string;
  /** By which it was judged, in words. */
  readonly rule: string;
}

/** One claim for each column: that the first row's encoder does better than the second's. */
export function betterInEach(
  columns: readonly string[],
  row: string,
  than: string,
  says: (column: string) => string,
): CellClaim[] {
  return columns.map((column) => ({
    says: says(column),
    kind: 'better',
    of: { row, column },
    than: { row: than, column },
  }));
}

const decided = `by more than twice the standard error of the difference (Welch) and more than ${100 * LEAST_EFFECT} points`;

const rules: Readonly<Record<CellClaim['kind'], string>> = {
  better: `Holds if the mean is higher ${decided}, does not hold if it is lower by as much.`,
  close: `Holds if the difference of means and twice its standard error (Welch) add up to less than ${100 * LEAST_EFFECT} points, does not hold if the means differ ${decided}.`,
};

export const cellRule =
  `A claim is judged with at least ${LEAST_SEEDS} seeds of both of its numbers; otherwise, and where its rule decides neither way, it is ` +
  '"not decided at this scale". Seeds differ in pretraining and in what the evaluation draws, not in the images: that ' +
  'other test images would say the same is not shown. Every verdict is on what was measured at this scale, not on the publication.';

/** `samples`: of a cell its values as fractions, one a seed; undefined: it is not measured at this scale. */
export function judgeCells(
  claim: CellClaim,
  samples: (cell: CellName) => readonly number[] | undefined,
): CellJudgement {
  const judged = (verdict: ClaimVerdict, why: string): CellJudgement => ({
    claim,
    verdict,
    why,
    rule: rules[claim.kind],
  });
  const open = (why: string): CellJudgement => judged('not decided at this scale', why);
  const found = [claim.of, claim.than].map((cell) => ({ cell, values: samples(cell) }));
  for (const { cell, values } of found) {
    const name = `'${cell.row}' in ${cell.column}`;
    if (values === undefined) return open(`${name} is not measured here`);
    if (values.length < LEAST_SEEDS) return open(`${name} has ${values.length} of ${LEAST_SEEDS} seeds`);
  }
  const [of, than] = found.map(({ values }) => summarize(values ?? []));
  if (!of || !than) return open('it was not measured');
  const difference = of.mean - than.mean;
  const margin = 2 * standardError(of, than);
  const size = Math.abs(difference);
  const why = `difference ${difference < 0 ? '-' : '+'}${(100 * size).toFixed(1)} points, twice its standard error ${(100 * margin).toFixed(1)} points`;
  const differs = size > margin && size > LEAST_EFFECT;
  if (claim.kind === 'close') {
    if (differs) return judged('does not hold', why);
    return size + margin < LEAST_EFFECT ? judged('holds', why) : open(why);
  }
  if (!differs) return open(why);
  return judged(difference > 0 ? 'holds' : 'does not hold', why);
}
