import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { operationNumbers, orderNumbers, pipelineView, viewNumbers } from '../../lib/random/purposes.js';

const { image, permutation, ...augmentations } = operationNumbers;
const views = [pipelineView(0), pipelineView(1), viewNumbers.linear, pipelineView(2)];

describe('purposes of random draws', () => {
  test('no two draw the same numbers', () => {
    const places = [
      [0, image],
      ...views.flatMap((view) => Object.values(augmentations).map((operation) => [view, operation])),
      ...Object.values(orderNumbers).map((order) => [order, permutation]),
    ];
    assert.equal(new Set(places.map((place) => place.join())).size, places.length);
    assert.ok(
      places.every((place) => place.every((number) => Number.isInteger(number) && number >= 0 && number < 2 ** 16)),
    );
  });

  test('their numbers are those of every run so far', () => {
    assert.deepEqual([image, ...Object.values(augmentations), permutation], [0, 1, 2, 3, 4, 5, 6, 7, 8, 0xffff]);
    assert.deepEqual(Object.keys(augmentations), [
      'randomResizedCrop',
      'center',
      'flip',
      'colorJitter',
      'grayscale',
      'blur',
      'solarize',
      'replacement',
    ]);
    assert.deepEqual(views, [0, 1, 2, 3]);
    assert.deepEqual(orderNumbers, {
      training: 0,
      heldOut: 2,
      linear: 4,
      labelledPart: 5,
      labelledRows: 6,
      shown: 7,
      tuningHeldOut: 20,
      tuningLabels: 21,
      tuningImages: 22,
      tuningBatches: 23,
      setHeldOut: 30,
      setLearned: 31,
      limited: 32,
      logisticHeldOut: 40,
    });
  });
});
