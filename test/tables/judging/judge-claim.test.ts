import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Claim } from '../../../lib/tables/claims.js';
import { judgeClaim } from '../../../lib/tables/judging/judge-claim.js';
import { type Look, sequentialLooks } from '../../../lib/tables/judging/looks.js';
import type { TableRecord } from '../../../lib/tables/records.js';
import { recordWith } from '../record-with.js';

type Rows = Readonly<Record<string, ReadonlyArray<Partial<TableRecord>>>>;

/** kNN top-1, one a seed, of networks that had 0.3 before. */
const knn = (...values: number[]): Partial<TableRecord>[] => values.map((knnTop1) => ({ knnTop1 }));
const spread = (...values: (number | null)[]): Partial<TableRecord>[] => values.map((collapseStd) => ({ collapseStd }));

function judge(claim: Claim, rows: Rows, looks: readonly Look[] = sequentialLooks(5)) {
  const recordOf = (row: string, seed: number): TableRecord | undefined => {
    const found = rows[row]?.[seed];
    return found && recordWith({ row, seed, ...found });
  };
  return judgeClaim(claim, { recordOf, rows: new Set(Object.keys(rows)), looks, judgedBy: 'knn' });
}

const verdict = (claim: Claim, rows: Rows): string => judge(claim, rows).verdict;
const open = 'not decided at this scale';

const better: Claim = { says: '', kind: 'better', row: 'a', than: 'b' };
const close: Claim = { says: '', kind: 'close', row: 'a', to: 'b' };

test('seeds are paired: what they do to both rows alike is gone', () => {
  // Seeds differ by 40 points, rows by 9.8 to 10.2 with every seed.
  const a = knn(0.3, 0.4, 0.5, 0.6, 0.7);
  const b = knn(0.2, 0.302, 0.398, 0.501, 0.599);
  const judged = judge(better, { a, b });
  assert.equal(judged.verdict, 'holds');
  assert.equal(judged.why, '+10.0 points, bounds +9.8 points and +10.2 points (5 seeds, one-sided 96.5 %)');
  assert.deepEqual([judged.seeds, judged.next], [5, null]);
  // The same values with other partners say nothing.
  assert.equal(verdict(better, { a, b: [...b].reverse() }), open);
  assert.equal(verdict(better, { a: b, b: a }), 'does not hold');
});

test('learns: over the same network before its first step', () => {
  const learns: Claim = { says: '', kind: 'learns', row: 'a' };
  assert.equal(verdict(learns, { a: knn(0.4, 0.41, 0.42, 0.43, 0.44) }), 'holds');
  assert.equal(verdict(learns, { a: knn(0.3, 0.3, 0.3, 0.3, 0.3) }), 'does not hold');
  const linear = knn(0.3, 0.3, 0.3, 0.3, 0.3).map((record) => ({
    ...record,
    linearTop1: 0.5,
    untrainedLinearTop1: 0.4,
  }));
  const judged = judge({ ...learns, by: 'linear' }, { a: linear });
  assert.deepEqual([judged.verdict, judged.rule], ['holds', 'learns, by linear top-1']);
});

test('losesMore: the difference of two losses', () => {
  const claim: Claim = { says: '', kind: 'losesMore', drop: { from: 'a', to: 'b' }, thanDrop: { from: 'a', to: 'c' } };
  const a = knn(0.7, 0.71, 0.72, 0.73, 0.74);
  const b = knn(0.4, 0.41, 0.42, 0.43, 0.44);
  const c = knn(0.65, 0.66, 0.67, 0.68, 0.69);
  const judged = judge(claim, { a, b, c });
  // 30 - 5 points.
  assert.match(judged.why, /^\+25\.0 points, /);
  assert.equal(judged.verdict, 'holds');
  assert.equal(verdict(claim, { a, b: c, c: b }), 'does not hold');
});

test('close: within three points, or within what the claim says', () => {
  const a = knn(0.5, 0.5, 0.5, 0.5, 0.5);
  const b = knn(0.49, 0.495, 0.48, 0.475, 0.485);
  assert.equal(verdict(close, { a, b }), 'holds');
  assert.equal(verdict({ ...close, within: 0.02 }, { a, b }), open);
  assert.equal(verdict({ ...close, within: 0.002 }, { a, b }), 'does not hold');
  assert.equal(judge({ ...close, within: 0.02 }, { a, b }).rule, 'close, by kNN top-1, within 2.0 points');
  assert.equal(verdict(close, { a, b: knn(0.4, 0.41, 0.39, 0.4, 0.42) }), 'does not hold');
});

test('spread and rank are measures like others', () => {
  const a = spread(0.7, 0.72, 0.71, 0.7, 0.73).map((record, seed) => ({ ...record, collapseRank: 30 + seed }));
  const b = spread(0.6, 0.61, 0.6, 0.62, 0.6).map((record, seed) => ({ ...record, collapseRank: 30.5 + seed }));
  const bySpread = judge({ ...better, by: 'spread' }, { a, b });
  assert.deepEqual([bySpread.verdict, bySpread.rule], ['holds', 'better, by collapse/std']);
  assert.match(bySpread.why, /^\+0\.11, bounds \+0\.09 and \+0\.13 /);
  const byRank = judge({ ...close, by: 'rank' }, { a, b });
  assert.equal(byRank.verdict, 'holds');
  assert.match(byRank.why, /^-0\.5 dimensions, /);
});

test('collapse: so many seeds that a fair coin would hardly have it', () => {
  const collapses: Claim = { says: '', kind: 'collapses', row: 'a' };
  const doesNot: Claim = { says: '', kind: 'doesNotCollapse', row: 'a' };
  for (const [std, first, second] of [
    [[0.01, 0.02, 0.099, 0, null], 'holds', 'does not hold'],
    [[0.1, 0.5, 0.9, 0.8, 0.7], 'does not hold', 'holds'],
    [[0.01, 0.02, 0.01, 0.02, 0.9], open, open],
  ] as const) {
    assert.equal(verdict(collapses, { a: spread(...std) }), first);
    assert.equal(verdict(doesNot, { a: spread(...std) }), second);
  }
  const judged = judge(collapses, { a: spread(0.01, 0.02, 0.03, 0.04, 0.9) });
  assert.equal(
    judged.why,
    'below 0.1 with 4 of 5 seeds, looked at with 5: 0.01, 0.02, 0.03, 0.04, 0.90; 5 of the 10 seeds of the next look',
  );
  assert.equal(judged.next, 10);
});

test('the first look that decides has the last word; later seeds are told', () => {
  const a = knn(0.5, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1);
  const b = knn(0.4, 0.41, 0.39, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4);
  const judged = judge(better, { a, b });
  assert.deepEqual([judged.verdict, judged.seeds], ['holds', 5]);
  assert.match(judged.why, /^\+10\.0 points, .*\(5 seeds, one-sided 96\.5 %\); with all 10 seeds -10\.0 points$/);
  // Seeds between two looks wait.
  const half = judge(better, { a: a.slice(0, 4), b });
  assert.deepEqual([half.verdict, half.why, half.next], [open, '4 of the 5 seeds of the next look', 5]);
});

test('a seed counts if all its rows were made alike', () => {
  const a = knn(0.5, 0.51, 0.52, 0.5, 0.51, 0.5);
  const b = knn(0.3, 0.31, 0.29, 0.3, 0.3, 0.3);
  const elsewhere = { ...recordWith({}).environment, cpu: 'Another processor' } as TableRecord['environment'];
  const [first = {}, ...others] = a;
  const mixed = judge(better, { a: [{ ...first, environment: elsewhere }, ...others.slice(0, 4)], b });
  assert.equal(mixed.verdict, open);
  assert.match(
    mixed.why,
    /^4 of the 5 seeds of the next look; seed 0 left out, whose rows were not made alike: .*Another processor/,
  );
  // Another seed takes its place, and seeds of different machines stand side by side.
  assert.equal(judge(better, { a: [{ ...first, environment: elsewhere }, ...others], b }).verdict, 'holds');
  const [firstOfB = {}, ...othersOfB] = b;
  const blocks = judge(better, {
    a: [{ ...first, environment: elsewhere }, ...others.slice(0, 4)],
    b: [{ ...firstOfB, environment: elsewhere }, ...othersOfB],
  });
  assert.deepEqual([blocks.verdict, blocks.seeds], ['holds', 5]);
  // What is not known to be alike is not.
  const unknown = judge(better, { a: [{ ...first, environment: null }, ...others], b });
  assert.match(unknown.why, /seed 0 left out, .*something that the record does not tell/);
});

test('a run that diverged ends the looks; those before it stand', () => {
  const good = knn(0.5, 0.51, 0.52, 0.5, 0.51);
  const bad = { outcome: 'diverged', knnTop1: null } as const;
  const b = knn(0.3, 0.31, 0.29, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3);
  const never = judge(better, { a: [...good.slice(0, 4), bad], b });
  assert.deepEqual([never.verdict, never.next], [open, null]);
  assert.equal(never.why, "row 'a' diverged with seed 4, of which nothing is known but that");
  const always = judge(better, { a: good, b: good.map(() => bad) });
  assert.equal(
    always.why,
    "row 'b' diverged with seed 0 (5 of 5 seeds have such a run), of which nothing is known but that",
  );
  assert.equal(judge(better, { a: [...good, bad], b }).verdict, 'holds');
});

test('rows that are not run or not measured, and fewer than three seeds, decide nothing and ask for nothing', () => {
  const good = knn(0.5, 0.5, 0.5, 0.5, 0.5);
  const missing = judge(better, { a: good });
  assert.deepEqual([missing.verdict, missing.why, missing.next], [open, "row 'b' is not run at this scale", null]);
  const unmeasured = judge({ ...better, by: 'linear' }, { a: good, b: good });
  assert.deepEqual([unmeasured.why, unmeasured.next], ['it was not measured', null]);
  const two = judge(better, { a: good, b: knn(0.1, 0.1) }, [{ seeds: 2, error: 0.05 }]);
  assert.deepEqual([two.verdict, two.next], [open, null]);
  assert.match(two.why, /fewer than 3 seeds decide nothing/);
  assert.equal(judge(better, { a: good, b: [] }).why, "row 'b' was not run");
});
