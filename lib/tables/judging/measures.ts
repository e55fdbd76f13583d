import { points } from '../../text/format.js';
import { COLLAPSED_BELOW, LEAST_GAIN, LEAST_RANK } from '../../train/verdict.js';

/** What claims are judged by, and which differences of it matter. */

export interface MeasureFacts {
  readonly title: string;
  /** Differences of means below this are not called one, however sure. In units of the measure, accuracies as fractions. */
  readonly leastEffect: number;
  /** 'close' means less than this apart, where a claim does not say. */
  readonly within: number;
  /** A difference in words: "+2.0 points". */
  readonly amount: (difference: number) => string;
}

/**
 * Three points, and not two, for what is close: seeds of a base differ by a standard deviation of up to 2.5 points, paired
 * differences by about 3.5, and 20 of those give a one-sided 99.5 % bound 2.2 points from the mean. What is alike could not be
 * shown to be closer than that by the last look. Most differences that the papers call one are larger.
 */
const accuracy = {
  leastEffect: LEAST_GAIN,
  within: 0.03,
  amount: (difference: number): string => `${points(difference)} points`,
} as const;

export const measures = {
  knn: { title: 'kNN top-1', ...accuracy },
  linear: { title: 'linear top-1', ...accuracy },
  /** Spreads are between 0 and 1, and seeds differ by about 0.02. As far apart as collapsed and not is not close. */
  spread: {
    title: 'collapse/std',
    leastEffect: COLLAPSED_BELOW / 2,
    within: COLLAPSED_BELOW,
    amount: (difference: number): string => signed(difference, 2),
  },
  /** In dimensions, of which seeds differ by about 2. As many as tell images apart at all are not close. */
  rank: {
    title: 'collapse/rank',
    leastEffect: LEAST_RANK / 2,
    within: LEAST_RANK,
    amount: (difference: number): string => `${signed(difference, 1)} dimensions`,
  },
} as const satisfies Readonly<Record<Measure, MeasureFacts>>;

/** What a claim can be about: kNN or linear top-1, or spread ('collapse/std') or rank ('collapse/rank') of the projections. */
export type Measure = 'knn' | 'linear' | 'spread' | 'rank';

/** Those that are measured of untrained networks too. */
export const accuracies = ['knn', 'linear'] as const satisfies readonly Measure[];

/** Top-1 of kNN or of the linear protocol. */
export type AccuracyMeasure = 'knn' | 'linear';

function signed(value: number, digits: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(digits)}`;
}
