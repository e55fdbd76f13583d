import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitByClass } from '../../lib/eval/validation-split.js';

const counts = (labels: readonly number[], positions: Iterable<number>): Record<number, number> => {
  const out: Record<number, number> = {};
  for (const position of positions) out[labels[position] as number] = (out[labels[position] as number] ?? 0) + 1;
  return out;
};

test('holds out the same part of every class', async () => {
  const labels = Array.from({ length: 1000 }, (_, i) => (i % 10 < 6 ? 0 : i % 3 === 0 ? 1 : 2));
  const whole = counts(labels, labels.keys());
  const { kept, heldOut } = await splitByClass(labels, 0.1, 7, 2);
  const held = counts(labels, heldOut);
  for (const label of [0, 1, 2]) assert.equal(held[label], Math.round((whole[label] as number) * 0.1));
  assert.deepEqual(
    [...kept, ...heldOut].sort((a, b) => a - b),
    [...labels.keys()],
  );
  assert.deepEqual(
    [...heldOut],
    [...heldOut].sort((a, b) => a - b),
  );
  assert.deepEqual(
    [...kept],
    [...kept].sort((a, b) => a - b),
  );
});

test('is decided by seed and purpose alone, and is not a regular pattern', async () => {
  const labels = Array.from({ length: 400 }, (_, i) => i % 4);
  const pick = async (seed: number, purpose: number) =>
    (await splitByClass(labels, 0.25, seed, purpose)).heldOut.join();
  assert.equal(await pick(1, 2), await pick(1, 2));
  assert.notEqual(await pick(1, 2), await pick(2, 2));
  assert.notEqual(await pick(1, 2), await pick(1, 3));
  const gaps = new Set(
    (await splitByClass(labels, 0.25, 1, 2)).heldOut.map((position, i, all) => position - (all[i - 1] ?? 0)),
  );
  assert.ok(gaps.size > 5);
});

test('holds out at least one image of a class and never the last one', async () => {
  const labels = [0, 0, 1, 1, 1, 2];
  const { heldOut } = await splitByClass(labels, 0.01, 0, 2);
  assert.deepEqual(counts(labels, heldOut), { 0: 1, 1: 1 });
  const most = await splitByClass(labels, 0.99, 0, 2);
  assert.deepEqual(counts(labels, most.kept), { 0: 1, 1: 1, 2: 1 });
  await assert.rejects(splitByClass([0, 1, 2], 0.5, 0, 2), {
    code: 'ERR_BYOL_DATA',
    message: /no class has a second image/,
  });
});
