import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, nearest } from '../../lib/text/nearest.js';

test('edit distance counts insertions, deletions, replacements and swaps of neighbours', () => {
  assert.equal(editDistance('', ''), 0);
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('kitten', 'sitting'), 3);
  assert.equal(editDistance('epohcs', 'epochs'), 1);
  assert.equal(editDistance('seed', 'sed'), 1);
});

test('the nearest name is found through typos, other spellings and abbreviations', () => {
  const names = ['baseLearningRate', 'weightDecay', 'momentum', 'batchSize', 'tauBase', 'k'];
  assert.equal(nearest('momentm', names), 'momentum');
  assert.equal(nearest('weight_decay', names), 'weightDecay');
  assert.equal(nearest('BATCHSIZE', names), 'batchSize');
  assert.equal(nearest('learningRate', names), 'baseLearningRate');
  assert.equal(nearest('lr', names), 'baseLearningRate');
  assert.equal(nearest('wd', names), 'weightDecay');
  assert.equal(nearest('tau', names), 'tauBase');
});

test('nothing is suggested for a word that is like none', () => {
  assert.equal(nearest('foo', ['momentum', 'k']), undefined);
  assert.equal(nearest('x', ['k']), undefined);
});
