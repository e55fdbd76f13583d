import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '../../lib/train/verdict.js';

const input = { collapseStd: 0.8, loss: 1, knn: 0.45, untrainedKnn: 0.3, queries: 2000, predictor: true };

test('a constant representation is called collapsed, and a missing predictor is named as the reason', () => {
  assert.equal(judge({ ...input, collapseStd: 0.02 }).state, 'collapsed');
  const verdict = judge({ ...input, collapseStd: 0.02, loss: 0.001, predictor: false });
  assert.equal(verdict.state, 'collapsed');
  assert.match(verdict.text, /Without a predictor/);
});

test('NaN is not taken for spread', () =>
  assert.equal(judge({ ...input, collapseStd: Number.NaN }).state, 'collapsed'));

test('learning means better than untrained by more than luck', () => {
  assert.equal(judge(input).state, 'learning');
  assert.equal(judge({ ...input, knn: 0.31 }).state, 'not learning yet');
  assert.equal(judge({ ...input, knn: 0.25 }).state, 'not learning yet');
});

test('without labels the loss decides', () => {
  assert.equal(judge({ ...input, knn: null, untrainedKnn: null }).state, 'learning');
  assert.equal(judge({ ...input, knn: null, untrainedKnn: null, loss: 3.9 }).state, 'not learning yet');
});
