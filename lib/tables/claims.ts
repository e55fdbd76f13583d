import type { AccuracyMeasure, Measure } from './judging/measures.js';

/** What a table says, in a form that measurements can answer. Rows by their id. */
export type Claim = {
  /** The claim in a sentence. */
  readonly says: string;
  /** Of one that does not hold at scale 'ci': why not, in a sentence with the measurement that shows it. */
  readonly explained?: string | undefined;
} & (
  | { readonly kind: 'collapses'; readonly row: string }
  | { readonly kind: 'doesNotCollapse'; readonly row: string }
  | { readonly kind: 'learns'; readonly row: string; readonly by?: AccuracyMeasure | undefined }
  | ({ readonly kind: 'better'; readonly row: string; readonly than: string } & ByMeasure)
  | ({
      readonly kind: 'close';
      readonly row: string;
      readonly to: string;
      /** How far apart is close, in units of the measure, accuracies as fractions; measures.ts says what it is if left out. */
      readonly within?: number | undefined;
    } & ByMeasure)
  | ({ readonly kind: 'losesMore'; readonly drop: Drop; readonly thanDrop: Drop } & ByMeasure)
);

/** How a claim names its measure. */
export interface ByMeasure {
  /** What the claim is about; if left out, Table.judgedBy. */
  readonly by?: Measure | undefined;
}

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
  /** Which of the rules it was judged by: "better, by kNN top-1". */
  readonly rule: string;
  /** Seeds that the verdict rests on; of an open claim, that it was last looked at with. */
  readonly seeds: number;
  /** Seeds of the next look at an open claim; null: no more are asked for. */
  readonly next: number | null;
  /** Why it does not hold, if that is known; in reports. */
  readonly explained?: string | undefined;
}

/** With the claim's explanation, where it is one: what holds, and what another scale measures, it is not about. */
export function withExplanation<J extends { readonly claim: Pick<Claim, 'explained'>; readonly verdict: ClaimVerdict }>(
  judgement: J,
  scale: string,
): J {
  const { claim, verdict } = judgement;
  if (claim.explained === undefined || verdict !== 'does not hold' || scale !== 'ci') return judgement;
  return { ...judgement, explained: claim.explained };
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

/** What a claim is judged by; collapse by its own threshold. */
export function measureOf(claim: Claim, judgedBy: AccuracyMeasure): Measure {
  if (claim.kind === 'collapses' || claim.kind === 'doesNotCollapse') return 'spread';
  return claim.by ?? judgedBy;
}
