import { percent } from '../../text/format.js';
import type { ClaimVerdict } from '../claims.js';
import { boundsOf, decideAbove, decideWithin } from '../judging/decisions.js';
import { LEAST_SEEDS, type Look, lookAt } from '../judging/looks.js';
import { measures } from '../judging/measures.js';
import { describeOrigin, type Origin, sameOrigin } from '../origin.js';

/** A number of a table: a row's in a column, by their names. */
export interface CellName {
  readonly row: string;
  readonly column: string;
}

/** What a table of encoders says, in a form that measurements can answer. */
export interface CellClaim {
  /** The claim in a sentence. */
  readonly says: string;
  /** Of one that does not hold at scale 'ci': why not, in a sentence with the measurement that shows it. */
  readonly explained?: string | undefined;
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
  /** Which of cellRules it was judged by. */
  readonly rule: CellClaim['kind'];
  /** Why it does not hold, if that is known. */
  readonly explained?: string | undefined;
}

/** A number of a cell with one seed, and where it was made. */
export interface CellSample {
  readonly seed: number;
  /** A fraction; null: it was not finite. */
  readonly value: number | null;
  readonly origin: Origin;
}

/** One claim for each column: that the first row's encoder does better than the second's. `explained`: why those do not hold that do not. */
export function betterInEach(
  columns: readonly string[],
  row: string,
  than: string,
  says: (column: string) => string,
  explained?: string,
): CellClaim[] {
  return columns.map((column) => ({
    says: says(column),
    kind: 'better',
    of: { row, column },
    than: { row: than, column },
    ...(explained !== undefined && { explained }),
  }));
}

/** All columns are fractions of images, or means over classes of them. */
const { leastEffect, within, amount } = measures.linear;

/** What each kind of claim takes to hold, in the order of the kinds. */
export const cellRules: Readonly<Record<CellClaim['kind'], string>> = {
  better: `better: holds if the difference has a lower bound above 0 and a mean above ${100 * leastEffect} points, does not hold if its upper bound is below that.`,
  close: `close: holds if both bounds of the difference are less than ${100 * within} points from 0, does not hold if both are beyond, each with half of the error.`,
};

/** `samples`: of a cell its values; undefined: it is not measured at this scale. */
export function judgeCells(
  claim: CellClaim,
  samples: (cell: CellName) => readonly CellSample[] | undefined,
  looks: readonly Look[],
): CellJudgement {
  const judged = (verdict: ClaimVerdict, why: string): CellJudgement => ({ claim, verdict, why, rule: claim.kind });
  const open = (why: string): CellJudgement => judged('not decided at this scale', why);
  const [of, than] = [claim.of, claim.than].map(samples);
  if (of === undefined || than === undefined) {
    const { row, column } = of === undefined ? claim.of : claim.than;
    return open(`'${row}' in ${column} is not measured here`);
  }
  const pairs = of.flatMap((a) => {
    const b = than.find(({ seed }) => seed === a.seed);
    return b === undefined ? [] : [{ seed: a.seed, a, b }];
  });
  const unlike = pairs.find(({ a, b }) => !sameOrigin(a.origin, b.origin));
  const alike = pairs.filter(({ a, b }) => sameOrigin(a.origin, b.origin));
  const differences = alike.map(({ a, b }) => (a.value === null || b.value === null ? null : a.value - b.value));
  if (differences.includes(null)) return open('one of the two was not finite with a seed');
  const values = differences.flatMap((value) => value ?? []);
  const { verdict, at, next } = lookAt(looks, values, (seen, error) =>
    claim.kind === 'close' ? decideWithin(seen, error, within) : decideAbove(seen, error, leastEffect),
  );
  const why = [
    at === null ? '' : numbersText(values.slice(0, at.seeds), at),
    next === null || verdict !== null ? '' : `${values.length} of ${next.seeds} seeds are there`,
    unlike === undefined
      ? ''
      : `seed ${unlike.seed} left out, whose numbers were not made alike: ${describeOrigin(unlike.a.origin)}; ${describeOrigin(unlike.b.origin)}`,
  ];
  return judged(verdict ?? 'not decided at this scale', why.filter((part) => part !== '').join('; '));
}

function numbersText(values: readonly number[], { seeds, error }: Look): string {
  if (seeds < LEAST_SEEDS) return `fewer than ${LEAST_SEEDS} seeds decide nothing`;
  const { mean, lower, upper } = boundsOf(values, error);
  return `${amount(mean)}, bounds ${amount(lower)} and ${amount(upper)} (${seeds} seeds, one-sided ${percent(1 - error)})`;
}
