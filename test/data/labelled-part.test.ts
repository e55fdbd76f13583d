import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelledPart } from '../../lib/data/labelled-part.js';

const labels = Int32Array.from({ length: 100 }, (_, i) => (i < 90 ? i % 3 : i < 99 ? -1 : 3));

test('a part of every class keeps its labels, the same with the same seed', async () => {
  const part = await labelledPart(labels, 0.1, 7);
  const kept = (label: number): number => part.filter((value) => value === label).length;
  assert.deepEqual([0, 1, 2, 3].map(kept), [3, 3, 3, 1], 'a tenth, at least one');
  for (const [i, label] of part.entries()) assert.ok(label === -1 || label === labels[i]);
  assert.deepEqual(await labelledPart(labels, 0.1, 7), part);
  assert.notDeepEqual(await labelledPart(labels, 0.1, 8), part);
});

test('all of them are all of them', async () => assert.deepEqual(await labelledPart(labels, 1, 7), labels));
