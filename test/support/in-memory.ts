import assert from 'node:assert/strict';
import type { Dataset, ImageSource } from '../../lib/data/dataset.js';

/** The same, of a kind whose images are in memory. */
export function inMemory(data: Dataset<ImageSource>): Dataset {
  assert.ok(isInMemory(data));
  return data;
}

function isInMemory(data: Dataset<ImageSource>): data is Dataset {
  return [data.train, data.val, data.test].every((split) => split === undefined || split.source.kind === 'memory');
}
