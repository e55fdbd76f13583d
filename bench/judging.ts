/**
 * How often the rule by which claims are judged is wrong, and how often it decides: the whole of it, with all its looks, on
 * differences of which the truth is known. bench/judging/shapes.ts has their distributions; beside them are differences drawn from
 * the committed records, centred.
 */

import { decideAbove, decideMostly, decideWithin } from '../lib/tables/judging/decisions.js';
import { ERROR, type Look, sequentialLooks, singleLook } from '../lib/tables/judging/looks.js';
import { measures } from '../lib/tables/judging/measures.js';
import { pooledDraw, recordedResiduals } from './judging/recorded-differences.js';
import { type Draw, shapes } from './judging/shapes.js';
import { type Rates, simulate } from './judging/simulate.js';

const REPETITIONS = 20_000;

/** Which seeds the looks take. */
const rules: Readonly<Record<string, readonly Look[]>> = {
  '5, 10, 20 seeds': sequentialLooks(5),
  '3, 6, 12 seeds': sequentialLooks(3),
  '3 seeds, one look': singleLook(3),
};

/** True mean differences, in points, as they stand in the results. */
const { leastEffect, within } = measures.knn;
const means = { above: [0, leastEffect, 0.05, 0.1], within: [0, within, 2 * within, 0.1] } as const;

interface ShapeRates {
  /** 'better', 'losesMore', 'learns' by true mean difference in points: that it holds is wrong at 0, that it does not at 2. */
  readonly above: Readonly<Record<string, Rates>>;
  /** 'close': that it holds is wrong from 3 points on, that it does not below. */
  readonly within: Readonly<Record<string, Rates>>;
  /** The largest chance of a wrong verdict among them. */
  readonly falseHolds: number;
  readonly falseDoesNotHold: number;
}

export interface JudgingBench {
  readonly what: string;
  readonly repetitions: number;
  /** Of a false verdict, what the rule promises for normal differences. */
  readonly promised: number;
  readonly shapes: Readonly<
    Record<string, { readonly what: string; readonly rules: Readonly<Record<string, ShapeRates>> }>
  >;
  /** 'collapses': by the part of all seeds that do; that it holds is wrong up to 0.5, that it does not from 0.5. */
  readonly collapse: Readonly<Record<string, Readonly<Record<string, Rates>>>>;
  /** Shapes that break the promise, with their worst rate by rule. */
  readonly broken: readonly string[];
}

export async function benchJudging(): Promise<JudgingBench> {
  const residuals = recordedResiduals();
  const all: Record<string, { what: string; draw: Draw }> = {
    ...shapes,
    recorded: {
      what: `differences of kNN top-1 that bench/results/tables has, of ${residuals.length} pairs of rows, each centred, drawn with replacement from all together and with either sign`,
      draw: pooledDraw(residuals),
    },
  };
  const results: Record<string, { what: string; rules: Record<string, ShapeRates> }> = {};
  const broken: string[] = [];
  for (const [name, { what, draw }] of Object.entries(all)) {
    const byRule: Record<string, ShapeRates> = {};
    for (const [rule, looks] of Object.entries(rules)) {
      const rates = ratesOf(draw, looks);
      byRule[rule] = rates;
      const { falseHolds, falseDoesNotHold } = rates;
      // Three standard errors of a simulated rate of 5 %.
      const limit = ERROR + 3 * Math.sqrt((ERROR * (1 - ERROR)) / REPETITIONS);
      if (Math.max(falseHolds, falseDoesNotHold) > limit) {
        broken.push(
          `${name}, ${rule}: holds wrongly ${percent(falseHolds)}, does not hold wrongly ${percent(falseDoesNotHold)}`,
        );
      }
      console.log(`  ${name}, ${rule}: wrong ${percent(falseHolds)} and ${percent(falseDoesNotHold)}`);
    }
    results[name] = { what, rules: byRule };
  }
  return {
    what: 'verdicts on claims of which the truth is known, all looks together; fractions of the repetitions',
    repetitions: REPETITIONS,
    promised: ERROR,
    shapes: results,
    collapse: collapseRates(),
    broken,
  };
}

function ratesOf(draw: Draw, looks: readonly Look[]): ShapeRates {
  const at = (mean: number, decide: Parameters<typeof simulate<number>>[2]): Rates =>
    simulate(looks, (random) => mean + draw(random), decide, REPETITIONS, 1);
  const above = byMean(means.above, (mean) => at(mean, (values, error) => decideAbove(values, error, leastEffect)));
  const near = byMean(means.within, (mean) => at(mean, (values, error) => decideWithin(values, error, within)));
  // At the other edge too: skew has a side.
  const edge = at(-within, (values, error) => decideWithin(values, error, within));
  return {
    above,
    within: { ...near, [points(-within)]: edge },
    falseHolds: Math.max(above[points(0)]?.holds ?? 0, near[points(within)]?.holds ?? 0, edge.holds),
    falseDoesNotHold: Math.max(
      above[points(leastEffect)]?.doesNotHold ?? 0,
      near[points(within)]?.doesNotHold ?? 0,
      edge.doesNotHold,
      near[points(0)]?.doesNotHold ?? 0,
    ),
  };
}

function byMean(list: readonly number[], rates: (mean: number) => Rates): Record<string, Rates> {
  return Object.fromEntries(list.map((mean) => [points(mean), rates(mean)]));
}

function collapseRates(): Record<string, Record<string, Rates>> {
  return Object.fromEntries(
    Object.entries(rules).map(([rule, looks]) => [
      rule,
      Object.fromEntries(
        [0.5, 0.8, 0.95, 1].map((part) => [
          String(part),
          simulate(looks, (random) => random.chance(part), decideMostly, REPETITIONS, 1),
        ]),
      ),
    ]),
  );
}

function points(mean: number): string {
  return `${Number((100 * mean).toFixed(1))} points`;
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}
