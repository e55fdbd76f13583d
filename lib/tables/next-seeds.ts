import { type Judgement, rowsOf } from './claims.js';
import { type Evidence, evidenceOf, looksOf } from './judging/evidence.js';
import { judgeClaim } from './judging/judge-claim.js';
import { pairSeeds } from './judging/paired-seeds.js';
import { type Origin, sameOrigin } from './origin.js';
import { type PlannedRun, plannedRun, type TablePlan } from './plan.js';
import type { TableRecord } from './records.js';

/** Which seeds beyond the plan's may decide what its seeds left open. */

/** Every run that a look at this plan's claims may ask for: those whose records are read. Seed by seed, the plan's own first. */
export function possibleRuns(plan: TablePlan): PlannedRun[] {
  const limit = lastSeed(plan);
  return Array.from({ length: limit }, (_, seed) => plan.rows.flatMap((row) => plannedRun(row, seed) ?? [])).flat();
}

/**
 * What is left to run for the next look at each claim that is open, given the records so far (by PlannedRun.name); a claim that is
 * decided, has been looked at for the last time or cannot be decided is left out. That with the fewest runs comes first, so that
 * time which does not last for all decides some. `now`: what they would be made with; a seed is not asked for if it could not count
 * beside the records of it that are there.
 */
export function nextLooks(
  plan: TablePlan,
  records: ReadonlyMap<string, TableRecord>,
  now: Origin | null = null,
): PlannedRun[][] {
  const evidence = evidenceOf(plan, records);
  return plan.table.claims
    .map((claim) => runsFor(judgeClaim(claim, evidence), plan, evidence, now))
    .filter(({ length }) => length > 0)
    .sort((a, b) => a.length - b.length);
}

function runsFor({ claim, next }: Judgement, plan: TablePlan, evidence: Evidence, now: Origin | null): PlannedRun[] {
  if (next === null) return [];
  const ids = new Set(rowsOf(claim));
  const rows = plan.rows.filter(({ row }) => ids.has(row.id));
  const limit = lastSeed(plan);
  const { results } = pairSeeds(claim, 'knn', evidence.recordOf, limit);
  let left = next - results.length;
  const runs: PlannedRun[] = [];
  for (let seed = 0; seed < limit && left > 0; seed += 1) {
    const known = [...ids].flatMap((id) => evidence.recordOf(id, seed) ?? []);
    if (known.length === ids.size || !known.every((record) => fits(record, now))) continue;
    runs.push(
      ...rows.flatMap((row) =>
        evidence.recordOf(row.row.id, seed) === undefined ? (plannedRun(row, seed) ?? []) : [],
      ),
    );
    left -= 1;
  }
  // The look cannot be reached.
  return left > 0 ? [] : runs;
}

function fits({ environment }: TableRecord, now: Origin | null): boolean {
  return now === null || (environment !== null && sameOrigin(environment, now));
}

function lastSeed(plan: TablePlan): number {
  return Math.max(...looksOf(plan).map(({ seeds }) => seeds));
}
