import assert from 'node:assert/strict';
import { test } from 'node:test';
import { methods } from '../../lib/methods/index.js';
import { resolveConfig } from '../../lib/methods/resolve.js';
import { judge } from '../../lib/train/verdict.js';

const withSettings = (...overrides: string[]) => resolveConfig({ preset: 'shapes', overrides });
const config = withSettings();
const input = { config, collapseStd: 0.8, collapseRank: 30, loss: 1, knn: 0.45, untrainedKnn: 0.3, queries: 2000 };
const collapsed = { ...input, collapseStd: 0.02, loss: 0.001 };

test('a constant representation is called collapsed', () => {
  assert.equal(judge(collapsed).state, 'collapsed');
  assert.match(judge(collapsed).text, /learning rate that is too high/);
});

test('what should have prevented the collapse and is missing is named', () => {
  const why = (...overrides: string[]): string => judge({ ...collapsed, config: withSettings(...overrides) }).text;
  assert.match(why('predictor=null'), /no predictor and nothing pushes images apart.*Set `predictor`/);
  assert.match(why('target.mode=gradient'), /target receives the gradient and nothing pushes/);
  assert.match(why('predictor=null', 'objective.negatives={kind: batch}'), /Usual causes/);
  assert.match(why('norm.encoder=group', 'norm.projector=group'), /^Collapsed.*Without batch statistics.*Other causes/);
});

test('projections in a few dimensions are called partly collapsed', () => {
  const verdict = judge({ ...input, collapseRank: 2.3 });
  assert.equal(verdict.state, 'partly collapsed');
  assert.match(verdict.text, /only 2\.3 of 128 dimensions/);
  assert.match(verdict.text, /kNN 45\.0 %, untrained 30\.0 %/);
  // Table 21 with a predictor that is not trained: fewer dimensions than any run that learns, and nothing learnt.
  assert.equal(judge({ ...input, collapseRank: 8.2, knn: 0.29 }).state, 'partly collapsed');
  assert.equal(judge({ ...input, collapseRank: 8.2 }).state, 'learning');
  assert.equal(judge({ ...input, collapseRank: 12, knn: 0.29 }).state, 'not learning yet');
  assert.equal(judge({ ...input, collapseRank: 8.2, knn: null, untrainedKnn: null }).state, 'learning');
  // 15 is the most that 16 images can have.
  const few = withSettings('batchSize=16');
  assert.equal(judge({ ...input, collapseRank: 3, config: few }).state, 'learning');
  // Two classes of a small projection are no collapse, nor are class scores.
  assert.equal(judge({ ...input, collapseRank: 2.3, config: withSettings('projector.output=4') }).state, 'learning');
  assert.equal(judge({ ...input, collapseRank: 2.3, config: methods.supervised(config) }).state, 'learning');
});

test('NaN is not taken for spread', () =>
  assert.equal(judge({ ...input, collapseStd: Number.NaN }).state, 'collapsed'));

test('learning means better than untrained by more than luck', () => {
  assert.equal(judge(input).state, 'learning');
  assert.equal(judge({ ...input, knn: 0.31 }).state, 'not learning yet');
  assert.equal(judge({ ...input, knn: 0.25 }).state, 'not learning yet');
});

test("without labels BYOL's loss decides; that of other objectives cannot be read", () => {
  const unlabelled = { ...input, knn: null, untrainedKnn: null };
  assert.equal(judge(unlabelled).state, 'learning');
  assert.equal(judge({ ...unlabelled, loss: 3.9 }).state, 'not learning yet');
  assert.match(judge({ ...unlabelled, config: methods.simclr(config) }).text, /^Nothing can be said without labels/);
  // With labels, in an epoch that does not measure.
  assert.match(judge({ ...input, knn: null }).text, /^Learning, as far as it shows without kNN:/);
});
