/**
 * How often a claim may be looked at, and what that costs. Whoever adds seeds until a test says yes finds something sooner or
 * later; so the looks are fixed beforehand, and the errors that they are allowed add up to ERROR (Bonferroni: however much the
 * looks depend on each other, and on what was seen before, the sum bounds the chance that any of them errs).
 */

/** Of a claim that is false, the chance to be said to hold; of one that is true, the chance to be said not to. */
export const ERROR = 0.05;

export interface Look {
  /** How many seeds it takes: the first ones, in the order of their numbers. */
  readonly seeds: number;
  /** Chance of a wrong verdict in one direction that it may take. */
  readonly error: number;
}

/** Fewer seeds say nothing about the spread between them. */
export const LEAST_SEEDS = 3;

/**
 * Seeds of each look as a multiple of the plan's, and its error. Most of the error goes to the first look, at which all claims
 * stand. It is as much as five seeds need for a sign test (5 of 5: 1/32), and the rest is left for claims that are close to it.
 */
const sequence = [
  { times: 1, error: 0.035 },
  { times: 2, error: 0.01 },
  { times: 4, error: 0.005 },
] as const;

/** A claim is looked at with the seeds planned; if it is open then, with twice as many, and a last time with four times as many. */
export function sequentialLooks(seeds: number): Look[] {
  return sequence.map(({ times, error }) => ({ seeds: times * seeds, error }));
}

/** For tables that get no more seeds than planned. */
export function singleLook(seeds: number): Look[] {
  return [{ seeds, error: ERROR }];
}

/** The verdict of the first look that decides. */
export interface Looked<V> {
  /** null: none of the looks that there were seeds for. */
  readonly verdict: V | null;
  /** The one that decided, or the last one; null: there were too few seeds for any. */
  readonly at: Look | null;
  /** What comes next if nothing is decided; null: nothing. */
  readonly next: Look | null;
}

/** Looks at the first values as `looks` say, until `decide` does. Later values never change a verdict. */
export function lookAt<T, V>(
  looks: readonly Look[],
  values: readonly T[],
  decide: (values: readonly T[], error: number) => V | null,
): Looked<V> {
  let at: Look | null = null;
  for (const look of looks) {
    if (values.length < look.seeds) return { verdict: null, at, next: look };
    at = look;
    const verdict = look.seeds < LEAST_SEEDS ? null : decide(values.slice(0, look.seeds), look.error);
    if (verdict !== null) return { verdict, at, next: null };
  }
  return { verdict: null, at, next: null };
}
