import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../lib/config/schema.js';
import { planTable } from '../../lib/tables/plan.js';
import { type RunTableOptions, runTable, type TableEvent, type TableOutcome } from '../../lib/tables/run-table.js';
import type { Table } from '../../lib/tables/table.js';
import { withTempDir } from '../support/paths.js';
import { fakeTrain, type Outcome } from './fake-train.js';
import { recordsIn, table } from './small-table.js';

/** A claim that stays open: seeds differ by more than rows. */
const open: Table = { ...table, claims: [{ says: 'BYOL is better.', kind: 'better', row: 'byol', than: 'alone' }] };

const noisy = ({ predictor, seed }: Config): Outcome => ({
  knn: predictor === null ? 0.5 : 0.5 + (seed % 2 === 0 ? -0.04 : 0.06),
  std: 0.8,
});

async function run(
  out: string,
  options: Pick<RunTableOptions, 'budgetMinutes' | 'signal'>,
  outcomeOf: (config: Config) => Outcome = noisy,
): Promise<
  TableOutcome & { readonly trained: number; readonly extra: ReadonlyArray<readonly [runs: number, tooLong: number]> }
> {
  const { train, calls } = fakeTrain(outcomeOf);
  const events: TableEvent[] = [];
  const plan = planTable(open, { seeds: 3 });
  const outcome = await runTable(plan, { ...options, out, train, onEvent: (event) => events.push(event) });
  const extra = events.flatMap((event) => (event.type === 'extra' ? [[event.runs, event.tooLong] as const] : []));
  return { ...outcome, trained: calls.length, extra };
}

test('a claim that is open gets the seeds of its next looks while the budget lasts, and only then', () =>
  withTempDir(async (out) => {
    const planned = await run(out, {});
    assert.deepEqual([planned.trained, planned.extra, planned.report.extraRuns], [6, [], 0]);
    // Runs took 5 s each: six more are 30 s, and whole looks only.
    const short = await run(out, { budgetMinutes: 29 / 60 });
    assert.deepEqual([short.trained, short.extra, short.interrupted], [0, [[0, 1]], false]);
    const long = await run(out, { budgetMinutes: 20 });
    assert.deepEqual([long.trained, long.interrupted], [18, false]);
    assert.deepEqual(long.extra, [
      [6, 0],
      [12, 0],
    ]);
    assert.deepEqual(
      [long.report.finishedRuns, long.report.plannedRuns, long.report.extraRuns, long.report.claims[0]?.seeds],
      [6, 6, 18, 12],
    );
    assert.equal(recordsIn(out).length, 24);
    // After the last look nothing more is asked for.
    assert.deepEqual((await run(out, { budgetMinutes: 20 })).extra, []);
  }));

test('a look that was stopped goes on next time', () =>
  withTempDir(async (out) => {
    const abort = new AbortController();
    const stopping = ({ seed, ...config }: Config): Outcome => {
      if (seed < 4) return noisy({ ...config, seed });
      setImmediate(() => abort.abort());
      return 'stopped';
    };
    const stopped = await run(out, { budgetMinutes: 20, signal: abort.signal }, stopping);
    assert.deepEqual([stopped.interrupted, stopped.report.finishedRuns, stopped.report.extraRuns], [true, 6, 2]);
    const again = await run(out, { budgetMinutes: 20 });
    assert.deepEqual([again.interrupted, again.trained, again.report.extraRuns], [false, 16, 18]);
  }));
