import { percent } from '../../text/format.js';
import { COLLAPSED_BELOW } from '../../train/verdict.js';
import { type Claim, type Judgement, measureOf, rowsOf } from '../claims.js';
import { boundsOf, type Decision, decideAbove, decideMostly, decideWithin } from './decisions.js';
import type { Evidence } from './evidence.js';
import { LEAST_SEEDS, type Look, lookAt } from './looks.js';
import { type MeasureFacts, measures } from './measures.js';
import { type PairedSeeds, pairSeeds, type RecordOf, type SeedResult } from './paired-seeds.js';
import { ruleName } from './rules.js';

/** Judges one claim by what was measured of its rows. */
export function judgeClaim(claim: Claim, { recordOf, rows, looks, judgedBy }: Evidence): Judgement {
  const measure = measureOf(claim, judgedBy);
  const open = { claim, verdict: 'not decided at this scale', rule: ruleName(claim, judgedBy), seeds: 0 } as const;
  const left = rowsOf(claim).find((id) => !rows.has(id));
  if (left !== undefined) return { ...open, why: `row '${left}' is not run at this scale`, next: null };
  const limit = Math.max(...looks.map(({ seeds }) => seeds));
  const paired = pairSeeds(claim, measure, recordOf, limit);
  // What a run that diverged would have come to is not known, and the others alone are a choice: the looks end before it.
  const stop = paired.results.findIndex(({ is }) => is !== 'value');
  const values = paired.results
    .slice(0, stop < 0 ? undefined : stop)
    .flatMap((item) => ('value' in item ? item.value : []));
  const { verdict, at, next } = lookAt(looks, values, (seen, error) => decide(claim, measures[measure], seen, error));
  const why = [
    at === null ? '' : numbersText(claim, measures[measure], values, at),
    at !== null && at.seeds < LEAST_SEEDS ? `fewer than ${LEAST_SEEDS} seeds decide nothing` : '',
    verdict === null ? missingText(claim, recordOf, paired, values.length, next, paired.results[stop]) : '',
    unlikeText(paired),
  ];
  return {
    ...open,
    ...(verdict !== null && { verdict }),
    why: why.filter((part) => part !== '').join('; '),
    seeds: at?.seeds ?? 0,
    next: stop < 0 && next !== null ? next.seeds : null,
  };
}

/** What the seeds of one look say. */
export function decide(
  claim: Claim,
  { leastEffect, within }: MeasureFacts,
  values: readonly number[],
  error: number,
): Decision | null {
  switch (claim.kind) {
    case 'collapses':
      return decideMostly(values.map(isCollapsed), error);
    case 'doesNotCollapse':
      return decideMostly(
        values.map((value) => !isCollapsed(value)),
        error,
      );
    case 'close':
      return decideWithin(values, error, claim.within ?? within);
    default:
      return decideAbove(values, error, leastEffect);
  }
}

function isCollapsed(spread: number): boolean {
  return spread < COLLAPSED_BELOW;
}

/** What the look saw, and what has come since. */
function numbersText(
  claim: Claim,
  { amount }: MeasureFacts,
  values: readonly number[],
  { seeds, error }: Look,
): string {
  if (claim.kind === 'collapses' || claim.kind === 'doesNotCollapse') {
    const collapsed = values.filter(isCollapsed).length;
    const spreads = values.map((value) => value.toFixed(2)).join(', ');
    return `below ${COLLAPSED_BELOW} with ${collapsed} of ${values.length} seeds, looked at with ${seeds}: ${spreads}`;
  }
  if (seeds < 2) return `${amount(values[0] as number)} with one seed`;
  const { mean, lower, upper } = boundsOf(values.slice(0, seeds), error);
  const bounds = `${amount(mean)}, bounds ${amount(lower)} and ${amount(upper)} (${seeds} seeds, one-sided ${percent(1 - error)})`;
  if (values.length === seeds) return bounds;
  const all = values.reduce((sum, value) => sum + value, 0) / values.length;
  return `${bounds}; with all ${values.length} seeds ${amount(all)}`;
}

/** What an open claim waits for. */
function missingText(
  claim: Claim,
  recordOf: RecordOf,
  { results }: PairedSeeds,
  counted: number,
  next: Look | null,
  stop: SeedResult | undefined,
): string {
  if (stop?.is === 'diverged') {
    const times = results.filter((result) => result.is === 'diverged').length;
    return `row '${stop.row}' diverged with seed ${stop.seed}${times > 1 ? ` (${times} of ${results.length} seeds have such a run)` : ''}, of which nothing is known but that`;
  }
  if (stop?.is === 'unmeasured') return 'it was not measured';
  if (next === null) return '';
  const without = rowsOf(claim).find((id) => recordOf(id, 0) === undefined);
  if (without !== undefined && results.length === 0) return `row '${without}' was not run`;
  return `${counted} of the ${next.seeds} seeds of the next look`;
}

function unlikeText({ unlike }: PairedSeeds): string {
  const [first] = unlike;
  if (first === undefined) return '';
  const which = unlike.length === 1 ? 'seed' : 'seeds';
  return `${which} ${unlike.map(({ seed }) => seed).join(', ')} left out, whose rows were not made alike: ${first.made.join('; ')}`;
}
