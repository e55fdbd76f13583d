import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextLooks, possibleRuns } from '../../lib/tables/next-seeds.js';
import { planTable, runName } from '../../lib/tables/plan.js';
import type { TableRecord } from '../../lib/tables/records.js';
import type { Table } from '../../lib/tables/table.js';
import { recordWith } from './record-with.js';

const table: Table = {
  id: 'small',
  title: 'Small',
  source: 'of a test',
  columns: ['top-1'],
  rows: [
    { id: 'byol', label: 'BYOL', published: [1] },
    { id: 'slow', label: 'slow', published: [1], settings: { target: { tauBase: 0.99 } } },
    { id: 'alone', label: 'alone', published: [1], settings: { predictor: null } },
  ],
  claims: [
    { says: 'BYOL is better than slow.', kind: 'better', row: 'byol', than: 'slow' },
    { says: 'Alone it collapses.', kind: 'collapses', row: 'alone' },
  ],
};
const plan = planTable(table, { seeds: 5 });

type Rows = Readonly<Record<string, ReadonlyArray<Partial<TableRecord>>>>;

const recorded = (rows: Rows): Map<string, TableRecord> =>
  new Map(
    Object.entries(rows).flatMap(([row, records]) =>
      records.map((record, seed) => [runName(row, seed), recordWith({ row, seed, ...record })] as const),
    ),
  );

const same = (count: number, knnTop1: number): Partial<TableRecord>[] => Array(count).fill({ knnTop1 });
/** Alternating, so that their mean is not known. */
const noisy = (count: number): Partial<TableRecord>[] =>
  Array.from({ length: count }, (_, seed) => ({ knnTop1: seed % 2 === 0 ? 0.3 : 0.7 }));
const collapsed = (count: number): Partial<TableRecord>[] => Array(count).fill({ collapseStd: 0.01 });

const names = (rows: Rows, ...rest: [origin?: TableRecord['environment']]): string[] =>
  nextLooks(plan, recorded(rows), ...rest)
    .flat()
    .map(({ name }) => name);

test('before any run, those of the first look', () => {
  // The claim on one row is the cheaper one.
  const first = [0, 1, 2, 3, 4].map((seed) => `alone-seed${seed}`);
  assert.deepEqual(names({}).slice(0, 5), first);
  assert.deepEqual([...names({})].sort(), plan.runs.map(({ name }) => name).sort());
});

test('when all is decided, none', () => {
  assert.deepEqual(names({ byol: same(5, 0.6), slow: same(5, 0.5), alone: collapsed(5) }), []);
});

test('an open claim gets the seeds of its next look, its rows alone, until the last look', () => {
  const upTo = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, i) => [`byol-seed${from + i}`, `slow-seed${from + i}`]).flat();
  const alone = collapsed(5);
  assert.deepEqual(names({ byol: noisy(5), slow: same(5, 0.5), alone }), upTo(5, 10));
  assert.deepEqual(names({ byol: noisy(10), slow: same(10, 0.5), alone }), upTo(10, 20));
  assert.deepEqual(names({ byol: noisy(20), slow: same(20, 0.5), alone }), []);
  // Half-way through, what is left.
  assert.deepEqual(names({ byol: noisy(10), slow: same(9, 0.5), alone }), ['slow-seed9']);
  const [runs = []] = nextLooks(plan, recorded({ byol: noisy(5), slow: same(5, 0.5), alone }));
  assert.deepEqual([runs[0]?.config.seed, runs[0]?.row.id, runs[1]?.config.target.tauBase], [5, 'byol', 0.99]);
  assert.equal(runs[1]?.key, planTable(table, { seeds: 6 }).runs.find(({ name }) => name === 'slow-seed5')?.key);
});

test('a claim that a diverged run has ended asks for nothing', () => {
  const bad = { outcome: 'diverged', knnTop1: null } as const;
  assert.deepEqual(names({ byol: noisy(5), slow: [...same(4, 0.5), bad], alone: collapsed(5) }), []);
});

test('a seed that cannot count any more is passed over', () => {
  const here = recordWith({}).environment;
  const elsewhere = { ...here, cpu: 'Another processor' } as NonNullable<typeof here>;
  const alone = collapsed(5);
  // Seed 5 of byol was made elsewhere: seed 10 is taken in its place.
  const byol = [...noisy(5), { knnTop1: 0.5, environment: elsewhere }];
  const taken = names({ byol, slow: same(5, 0.5), alone }, here);
  assert.deepEqual([taken.length, taken[0], taken.at(-1)], [10, 'byol-seed6', 'slow-seed10']);
  // There, it can be completed.
  assert.deepEqual(names({ byol, slow: same(5, 0.5), alone }, elsewhere).slice(0, 2), ['slow-seed5', 'byol-seed6']);
});

test('runs that looks may ask for begin with those of the plan; a plan of a try has no others', () => {
  const all = possibleRuns(plan).map(({ name }) => name);
  assert.equal(all.length, 3 * 20);
  assert.deepEqual(
    all.slice(0, plan.runs.length),
    plan.runs.map(({ name }) => name),
  );
  const once = planTable(table, { seeds: 1 });
  assert.equal(possibleRuns(once).length, 3);
  const records = recorded({ byol: noisy(1), slow: noisy(1), alone: collapsed(1) });
  assert.deepEqual(nextLooks(once, records), []);
});
