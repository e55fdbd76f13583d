import { nextLooks } from './next-seeds.js';
import type { Origin } from './origin.js';
import type { PlannedRun, TablePlan } from './plan.js';
import type { TableRecord } from './records.js';

/** The next looks at claims that are still open, as far as there is time for them. */
export interface NextLooks {
  /** Of all looks that can be afforded. */
  readonly runs: readonly PlannedRun[];
  /** Claims whose next look takes longer. */
  readonly tooLong: number;
}

/**
 * Whole looks only: seeds that end before a look decide nothing. Those that take the fewest runs first, so that most claims get one;
 * runs that looks have in common count once. `most`: runs that there is time for.
 */
export function affordableLooks(
  plan: TablePlan,
  records: ReadonlyMap<string, TableRecord>,
  now: Origin | null,
  most: number,
): NextLooks {
  let chosen = new Map<string, PlannedRun>();
  let tooLong = 0;
  for (const runs of nextLooks(plan, records, now)) {
    const together = new Map([...chosen, ...runs.map((run) => [run.name, run] as const)]);
    if (together.size <= most) chosen = together;
    else tooLong += 1;
  }
  return { runs: [...chosen.values()], tooLong };
}
