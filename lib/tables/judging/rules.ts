import { percent } from '../../text/format.js';
import { COLLAPSED_BELOW } from '../../train/verdict.js';
import { type Claim, measureOf } from '../claims.js';
import { hitsNeeded } from './decisions.js';
import { ERROR, LEAST_SEEDS, type Look } from './looks.js';
import { type AccuracyMeasure, measures } from './measures.js';

/** The rules of judging in sentences, as reports state them. */

/** The name of a claim's rule, beside each claim: "better, by kNN top-1". */
export function ruleName(claim: Claim, judgedBy: AccuracyMeasure): string {
  const by = `${claim.kind}, by ${measures[measureOf(claim, judgedBy)].title}`;
  return claim.kind === 'close' && claim.within !== undefined ? `${by}, within ${withinText(claim, judgedBy)}` : by;
}

/** What holds for all claims of a table. */
export function generalRule(looks: readonly Look[], paired: string): string {
  return [
    `Claims are judged on differences that are paired by seed: ${paired}`,
    looksText(looks),
    `Fewer than ${LEAST_SEEDS} seeds decide nothing.`,
    BOUNDS,
    'A seed counts if all rows of the claim were made with the same versions, processor, kind of device and precision, and nothing is decided beyond one with which a row diverged.',
    'Every verdict is on what was measured at this scale, not on the publication; seeds do not differ in the test images, and that other images would say the same is not shown.',
  ].join(' ');
}

/** The rates are those of bench/results/judging.json. */
const BOUNDS =
  "Bounds are one-sided confidence bounds of the mean over seeds, by Student's t. In simulations (bench/results/judging.json) they keep to the error where differences are " +
  'normal, have heavy tails, unequal variances, or are drawn from those recorded. They do not where differences are skewed: at a skewness of 1.75 up to 13 % of the claims ' +
  'that are false of the mean are said to hold, and up to 40 % where one seed in five of a row falls by 20 points, which the others do not show.';

function looksText(looks: readonly Look[]): string {
  const [first, ...later] = looks;
  if (first === undefined) return '';
  const limit = `said to hold with a chance of at most ${percent(ERROR)}`;
  if (later.length === 0) {
    return `A claim is looked at once, with ${first.seeds} seeds and a one-sided error of ${percent(first.error)}: one that is false is ${limit}. Otherwise it is "not decided at this scale".`;
  }
  const times = listOf(
    later.map(({ seeds }) => String(seeds)),
    'and',
  );
  const errors = listOf(
    looks.map(({ error }) => percent(error)),
    'and',
  );
  return (
    `A claim is looked at with ${first.seeds} seeds and, while it is open and there is time, with ${times}; its verdict is that of the first look ` +
    `that decides, which later seeds do not change, or "not decided at this scale". The looks have one-sided errors of ${errors}, which add up to ${percent(ERROR)} ` +
    `(Bonferroni): a claim that is false is ${limit}.`
  );
}

/** The rules of the kinds that these claims are of, each once, after its name. */
export function rulesOf(claims: readonly Claim[], judgedBy: AccuracyMeasure, looks: readonly Look[]): string[] {
  return [...new Map(claims.map((claim) => [ruleName(claim, judgedBy), ruleText(claim, judgedBy, looks)]))].map(
    ([name, text]) => `${name}: ${text}`,
  );
}

function ruleText(claim: Claim, judgedBy: AccuracyMeasure, looks: readonly Look[]): string {
  const { title, leastEffect, amount } = measures[measureOf(claim, judgedBy)];
  const above = `has a lower bound above 0 and a mean above ${unsigned(amount(leastEffect))}, does not hold if its upper bound is below that.`;
  switch (claim.kind) {
    case 'collapses':
      return `holds if the final ${title} is below ${COLLAPSED_BELOW} with ${hitsText(looks)}, does not hold if it is not with as many. ${SIGN_TEST}`;
    case 'doesNotCollapse':
      return `holds if the final ${title} is not below ${COLLAPSED_BELOW} with ${hitsText(looks)}, does not hold if it is with as many. ${SIGN_TEST}`;
    case 'learns':
      return `holds if the gain over the untrained network ${above}`;
    case 'better':
      return `holds if the difference ${above}`;
    case 'losesMore':
      return `holds if the difference of the two losses ${above}`;
    case 'close':
      return `holds if both bounds of the difference are less than ${withinText(claim, judgedBy)} from 0, does not hold if both are beyond, each with half of the error.`;
  }
}

const SIGN_TEST =
  'With as many seeds, what happens with half of all seeds or fewer would happen by chance less often than the error (sign test).';

/** "5 of 5, 10 of 10 or 17 of 20 seeds" */
function hitsText(looks: readonly Look[]): string {
  const needed = looks.flatMap(({ seeds, error }) => {
    const hits = hitsNeeded(seeds, error);
    return hits === null ? [] : `${hits} of ${seeds}`;
  });
  return needed.length === 0 ? 'more seeds than there will be' : `${listOf(needed, 'or')} seeds`;
}

function listOf(items: readonly string[], last: 'and' | 'or'): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} ${last} ${items.at(-1)}`;
}

function withinText(claim: Extract<Claim, { kind: 'close' }>, judgedBy: AccuracyMeasure): string {
  const { within, amount } = measures[measureOf(claim, judgedBy)];
  return unsigned(amount(claim.within ?? within));
}

function unsigned(amount: string): string {
  return amount.replace(/^[+-]/, '');
}
