import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { permutation, philox4x32, Stream } from '../../lib/random/philox.js';

const words = (...counterAndKey: [number, number, number, number, number, number]): number[] => {
  const out = new Int32Array(4);
  philox4x32(...counterAndKey, out);
  return Array.from(out, (word) => word >>> 0);
};

describe('philox4x32-10', () => {
  // The known answers that the authors publish with Random123 (kat_vectors).
  const f = 0xffffffff;
  test('all zeros', () => {
    assert.deepEqual(words(0, 0, 0, 0, 0, 0), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  });
  test('all ones', () => {
    assert.deepEqual(words(f, f, f, f, f, f), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
  });
  test('digits of pi', () => {
    assert.deepEqual(
      words(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0),
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    );
  });

  test('agrees with 64-bit integer arithmetic on many counters', () => {
    const mask = 0xffffffffn;
    let state = 12345n;
    const next = (): number => {
      state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
      return Number(state >> 32n);
    };
    for (let i = 0; i < 200; i += 1) {
      const input = [next(), next(), next(), next(), next(), next()] as const;
      let [c0, c1, c2, c3, k0, k1] = input.map(BigInt) as [bigint, bigint, bigint, bigint, bigint, bigint];
      for (let round = 0; round < 10; round += 1) {
        const p0 = c0 * 0xd2511f53n;
        const p1 = c2 * 0xcd9e8d57n;
        [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
        k0 = (k0 + 0x9e3779b9n) & mask;
        k1 = (k1 + 0xbb67ae85n) & mask;
      }
      assert.deepEqual(words(...input), [c0, c1, c2, c3].map(Number));
    }
  });
});

/** Pearson's statistic of counts that should be equal. */
function chiSquare(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
}

/** Exceeded once in a million by chance (Wilson-Hilferty). */
function chiSquareLimit(degrees: number): number {
  return degrees * (1 - 2 / (9 * degrees) + 4.75 * Math.sqrt(2 / (9 * degrees))) ** 3;
}

describe('Stream', () => {
  test('is the blocks of its place in the counter space, in order', () => {
    const [seed, epoch, sample, view, operation] = [7 + 5 * 2 ** 32, 3, 41, 1, 6];
    const stream = new Stream(seed, epoch, sample, view, operation);
    const drawn = Array.from({ length: 12 }, () => stream.word());
    const expected = [0, 1, 2].flatMap((block) => words(block, (view << 16) | operation, sample, epoch, 7, 5));
    assert.deepEqual(drawn, expected);
  });

  test('differs in every part of its key', () => {
    const places: [number, number, number, number, number][] = [
      [1, 2, 3, 4, 5],
      [2, 2, 3, 4, 5],
      [1 + 2 ** 32, 2, 3, 4, 5],
      [2 ** 53 - 1, 2, 3, 4, 5],
      [1, 3, 3, 4, 5],
      [1, 2, 4, 4, 5],
      [1, 2, 3, 5, 5],
      [1, 2, 3, 4, 6],
      [1, 2, 3, 5, 4],
      [1, 3, 2, 4, 5],
    ];
    assert.equal(new Set(places.map((place) => new Stream(...place).word())).size, places.length);
  });

  test('uniform covers its interval evenly', () => {
    const stream = new Stream(1, 0, 0);
    const counts = new Array<number>(100).fill(0);
    for (let i = 0; i < 200_000; i += 1) {
      const value = stream.uniform(-3, 2);
      assert.ok(value >= -3 && value < 2);
      const bin = Math.floor((value + 3) * 20);
      counts[bin] = (counts[bin] as number) + 1;
    }
    assert.ok(chiSquare(counts) < chiSquareLimit(99));
  });

  test('neighbouring streams are uncorrelated', () => {
    const count = 50_000;
    const first = (sample: number): number => new Stream(9, 0, sample).uniform(-1, 1);
    let product = 0;
    for (let i = 0; i < count; i += 1) product += first(i) * first(i + 1);
    // The product of two independent uniforms on [-1, 1] has a standard deviation of 1/3.
    assert.ok(Math.abs(product / count) < (4.75 * (1 / 3)) / Math.sqrt(count));
  });

  test('below has no bias where a remainder would', () => {
    // Words modulo 3 * 2^30 would fall below 2^30 half of the time.
    const stream = new Stream(2, 0, 0);
    const counts = [0, 0, 0];
    for (let i = 0; i < 30_000; i += 1) {
      const third = Math.floor(stream.below(3 * 2 ** 30) / 2 ** 30);
      counts[third] = (counts[third] as number) + 1;
    }
    assert.ok(chiSquare(counts) < chiSquareLimit(2), `${counts}`);
    assert.equal(stream.below(1), 0);
    assert.ok(stream.below(2 ** 32) < 2 ** 32);
  });

  test('chance 0 never, 1 always', () => {
    const stream = new Stream(3, 0, 0);
    for (let i = 0; i < 1000; i += 1) {
      assert.equal(stream.chance(0), false);
      assert.equal(stream.chance(1), true);
    }
  });
});

describe('permutation', () => {
  test('holds every number once', async () => {
    for (const count of [0, 1, 2, 1000]) {
      const sorted = (await permutation(count, 5, 6)).sort();
      assert.deepEqual(
        sorted,
        Int32Array.from({ length: count }, (_, i) => i),
      );
    }
  });

  test('depends on seed, epoch and purpose alone', async () => {
    const base = await permutation(100, 1, 2, 3);
    assert.deepEqual(await permutation(100, 1, 2, 3), base);
    const others = [permutation(100, 2, 2, 3), permutation(100, 1, 3, 3), permutation(100, 1, 2, 4)];
    for (const other of await Promise.all(others)) {
      assert.notDeepEqual(other, base);
    }
  });

  test('every order of four is equally likely', async () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 24_000; epoch += 1) {
      const order = (await permutation(4, 8, epoch)).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.equal(counts.size, 24);
    assert.ok(chiSquare([...counts.values()]) < chiSquareLimit(23));
  });

  test('is Fisher and Yates with the words of one stream, however often it gives way', async () => {
    const count = 20_000;
    const expected = Int32Array.from({ length: count }, (_, i) => i);
    const stream = new Stream(5, 6, 0, 7, 0xffff);
    for (let i = count - 1; i > 0; i -= 1) {
      const j = stream.below(i + 1);
      [expected[i], expected[j]] = [expected[j] as number, expected[i] as number];
    }
    assert.deepEqual(await permutation(count, 5, 6, 7), expected);
  });
});
