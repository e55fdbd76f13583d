import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cosineNeighbours } from '../../lib/eval/cosine-neighbours.js';
import { mapNeighbourhood } from '../../lib/eval/neighbour-map.js';
import { principalPlane } from '../../lib/eval/principal-plane.js';
import { Stream } from '../../lib/random/philox.js';

/** Rows around centres in many dimensions, in turn. */
function clusters(rows: number, dimension: number, centres: number): Float32Array {
  const stream = new Stream(5, 0, 0);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - stream.uniform())) * Math.cos(2 * Math.PI * stream.uniform());
  const middle = Array.from({ length: centres * dimension }, normal);
  return Float32Array.from(
    { length: rows * dimension },
    (_, i) => (middle[(Math.floor(i / dimension) % centres) * dimension + (i % dimension)] as number) + 0.7 * normal(),
  );
}

const [ROWS, DIMENSION, CENTRES] = [180, 20, 6];

/** In float64, by sorting all. */
function sorted(features: Float32Array, row: number, bank: number): Array<readonly [number, number]> {
  const of = (at: number): number[] => [...features.subarray(at * DIMENSION, (at + 1) * DIMENSION)];
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
  const own = of(row);
  return Array.from({ length: bank }, (_, other) => {
    const vector = of(other);
    return [other, dot(own, vector) / Math.sqrt(dot(own, own) * dot(vector, vector))] as const;
  })
    .filter(([other]) => other !== row)
    .sort((a, b) => b[1] - a[1]);
}

test('neighbours are those of the largest cosines; others than the bank are nobody’s', () => {
  const features = clusters(ROWS, DIMENSION, CENTRES);
  for (const others of [0, 7]) {
    const { k, indices, similarities, rows } = cosineNeighbours(features, DIMENSION, 9, others);
    assert.deepEqual([k, rows, indices.length], [9, ROWS, 9 * ROWS]);
    for (let row = 0; row < ROWS; row += 1) {
      const expected = sorted(features, row, ROWS - others).slice(0, k);
      assert.deepEqual(
        [...indices.subarray(row * k, (row + 1) * k)],
        expected.map(([other]) => other),
      );
      for (const [i, [, cosine]] of expected.entries()) {
        assert.ok(Math.abs(cosine - (similarities[row * k + i] as number)) < 1e-6);
      }
    }
  }
  // Fewer rows than neighbours are asked for.
  assert.equal(cosineNeighbours(features.slice(0, 3 * DIMENSION), DIMENSION, 9).k, 2);
});

test('the plane is that of the largest variances', () => {
  const stream = new Stream(1, 0, 0);
  const widths = [0.1, 9, 0.2, 3, 0.1];
  const rows = Float32Array.from({ length: 400 * 5 }, (_, i) => 4 + (widths[i % 5] as number) * stream.uniform(-1, 1));
  const plane = principalPlane(rows, 5);
  for (const [axis, column] of [
    [0, 1],
    [1, 3],
  ] as const) {
    const own = Array.from({ length: 400 }, (_, row) => plane[2 * row + axis] as number);
    const wanted = Array.from({ length: 400 }, (_, row) => rows[5 * row + column] as number);
    assert.ok(Math.abs(correlation(own, wanted)) > 0.98, `axis ${axis}`);
  }
});

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  const product = (x: readonly number[], mx: number, y: readonly number[], my: number): number =>
    x.reduce((sum, value, i) => sum + (value - mx) * ((y[i] as number) - my), 0);
  return product(a, ma, b, mb) / Math.sqrt(product(a, ma, a, ma) * product(b, mb, b, mb));
}

test('what is near in many dimensions is near in the map, far more than by chance; the same twice', async () => {
  const features = clusters(ROWS, DIMENSION, CENTRES);
  const task = { features, dimension: DIMENSION, others: 0, k: 10 };
  const map = await mapNeighbourhood(task);
  assert.deepEqual((await mapNeighbourhood(task)).places, map.places);
  let [kept, ofCluster] = [0, 0];
  for (let row = 0; row < ROWS; row += 1) {
    const distance = (other: number): number =>
      Math.hypot(
        (map.places[2 * row] as number) - (map.places[2 * other] as number),
        (map.places[2 * row + 1] as number) - (map.places[2 * other + 1] as number),
      );
    const near = Array.from({ length: ROWS }, (_, other) => other)
      .filter((other) => other !== row)
      .sort((a, b) => distance(a) - distance(b))
      .slice(0, 10);
    const wanted = new Set(map.indices.subarray(row * 10, (row + 1) * 10));
    kept += near.filter((other) => wanted.has(other)).length;
    ofCluster += near.filter((other) => other % CENTRES === row % CENTRES).length;
  }
  // By chance 6 % and 16 %; a plane of principal components keeps 25 % of the neighbours of this set.
  assert.ok(kept / (10 * ROWS) > 0.45, `keeps ${kept / (10 * ROWS)} of the neighbours`);
  assert.ok(ofCluster / (10 * ROWS) > 0.95, `${ofCluster / (10 * ROWS)} of the same cluster`);
});

test('a map that nobody waits for any more ends', async () => {
  const abort = new AbortController();
  const reason = new Error('enough');
  const features = clusters(2000, DIMENSION, CENTRES);
  const going = mapNeighbourhood({ features, dimension: DIMENSION, others: 0, k: 10 }, abort.signal);
  setTimeout(() => abort.abort(reason), 50);
  await assert.rejects(going, reason);
});
