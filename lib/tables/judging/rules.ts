import { percent } from '../../text/format.js';
import { COLLAPSED_BELOW } from '../../train/verdict.js';
import { type Claim, measureOf } from '../claims.js';
import { ERROR, LEAST_SEEDS, type Look } from './looks.js';
import { type Accuracy, measures } from './measures.js';

/** The rules of judging in sentences, as reports state them. */

/** The name of a claim's rule, beside each claim: "better, by kNN top-1". */
export function ruleName(claim: Claim, judgedBy: Accuracy): string {
  const by = `${claim.kind}, by ${measures[measureOf(claim, judgedBy)].title}`;
  return claim.kind === 'close' && claim.within !== undefined ? `${by}, within ${withinText(claim, judgedBy)}` : by;
}

/** What holds for all claims of a table. */
export function generalRule(looks: readonly Look[], paired: string): string {
  return [
    `Claims are judged on differences that are paired by seed: ${paired}`,
    looksText(looks),
    `Fewer than ${LEAST_SEEDS} seeds decide nothing.`,
    "Bounds are one-sided confidence bounds of the mean over seeds, by Student's t, which are exact for normal differences; bench/results/judging.json has what others do to them.",
    'A seed counts if all rows of the claim were made with the same versions, processor, kind of device and precision, and nothing is decided beyond one with which a row diverged.',
    'Every verdict is on what was measured at this scale, not on the publication; seeds do not differ in the test images, and that other images would say the same is not shown.',
  ].join(' ');
}

function looksText(looks: readonly Look[]): string {
  const [first, ...later] = looks;
  if (first === undefined) return '';
  const limit = `said to hold with a chance of at most ${percent(ERROR)}`;
  if (later.length === 0) {
    return `A claim is looked at once, with ${first.seeds} seeds and a one-sided error of ${percent(first.error)}: one that is false is ${limit}. Otherwise it is "not decided at this scale".`;
  }
  const times = later.map(({ seeds }) => String(seeds)).join(' and ');
  const errors = looks.map(({ error }) => percent(error)).join(', ');
  return (
    `A claim is looked at with ${first.seeds} seeds and, while it is open and there is time, with ${times}; its verdict is that of the first look ` +
    `that decides, which later seeds do not change, or "not decided at this scale". The looks have one-sided errors of ${errors}, which add up to ${percent(ERROR)} ` +
    `(Bonferroni): a claim that is false is ${limit}.`
  );
}

/** The rules of the kinds that these claims are of, each once, after its name. */
export function rulesOf(claims: readonly Claim[], judgedBy: Accuracy): string[] {
  return [...new Map(claims.map((claim) => [ruleName(claim, judgedBy), ruleText(claim, judgedBy)]))].map(
    ([name, text]) => `${name}: ${text}`,
  );
}

function ruleText(claim: Claim, judgedBy: Accuracy): string {
  const { leastEffect, amount } = measures[measureOf(claim, judgedBy)];
  const least = unsigned(amount(leastEffect));
  switch (claim.kind) {
    case 'collapses':
      return `${mostly} is below ${COLLAPSED_BELOW} with more than half of all seeds, does not hold if so many say the opposite.`;
    case 'doesNotCollapse':
      return `${mostly} is not below ${COLLAPSED_BELOW} with more than half of all seeds, does not hold if so many say the opposite.`;
    case 'learns':
      return `holds if the gain over the untrained network has a lower bound above 0 and a mean above ${least}, does not hold if its upper bound is below that.`;
    case 'better':
      return `holds if the difference has a lower bound above 0 and a mean above ${least}, does not hold if its upper bound is below that.`;
    case 'losesMore':
      return `holds if the difference of the two losses has a lower bound above 0 and a mean above ${least}, does not hold if its upper bound is below that.`;
    case 'close':
      return `holds if both bounds of the difference are less than ${withinText(claim, judgedBy)} from 0, does not hold if both are beyond, each with half of the error.`;
  }
}

const mostly =
  'holds if so many seeds that a fair coin would have it less often than the error (5 of 5, 10 of 10, 17 of 20) say that the final collapse/std';

function withinText(claim: Extract<Claim, { kind: 'close' }>, judgedBy: Accuracy): string {
  const { within, amount } = measures[measureOf(claim, judgedBy)];
  return unsigned(amount(claim.within ?? within));
}

function unsigned(amount: string): string {
  return amount.replace(/^[+-]/, '');
}
