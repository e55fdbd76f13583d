import assert from 'node:assert/strict';
import { test } from 'node:test';
import { snappyUncompress } from 'hyparquet';
import { SnappyBlocks } from '../../../lib/data/parquet/snappy-blocks.js';

/** A literal with three bytes of length, and copies with two bytes of distance. */
const literal = (bytes: Uint8Array): Uint8Array => {
  const length = bytes.length - 1;
  return Buffer.concat([Buffer.from([62 << 2, length & 255, (length >> 8) & 255, length >> 16]), bytes]);
};
const copy = (distance: number, length: number): Uint8Array =>
  Buffer.from([2 | ((length - 1) << 2), distance & 255, distance >> 8]);
const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)]);

function stream(size: number, ...elements: Uint8Array[]): { packed: Uint8Array; unpacked: Uint8Array } {
  const packed = Buffer.concat([Buffer.from(varint(size)), ...elements]);
  const unpacked = new Uint8Array(size);
  snappyUncompress(packed, unpacked);
  return { packed, unpacked };
}

/** What the part of some bytes is unpacked to, by the library. */
function unpackPart(packed: Uint8Array, blocks: SnappyBlocks, start: number, length: number): Uint8Array {
  const part = blocks.partOf(start, length);
  const bytes = new Uint8Array(part.size);
  const elements = packed.subarray(part.offset, part.offset + part.length);
  snappyUncompress(Buffer.concat([Buffer.from([0]), elements]), bytes);
  return bytes.subarray(start - part.start, start - part.start + length);
}

const bytes = (length: number, by: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * by) >> 3);

test('parts are unpacked without what is before and after them, where blocks stand for themselves', () => {
  const [a, b] = [bytes(65_472, 7), bytes(65_536 - 60, 11)];
  const { packed, unpacked } = stream(
    2 * 65_536 + 100,
    literal(a),
    copy(3, 64),
    literal(b),
    copy(30_000, 60),
    literal(bytes(100, 3)),
  );
  const blocks = new SnappyBlocks(packed);
  assert.equal(blocks.areApart, true);
  for (const [start, length] of [
    [0, 10],
    [65_500, 36],
    [65_536, 65_536],
    [65_530, 20],
    [2 * 65_536, 100],
    [2 * 65_536 + 99, 1],
    [10, 2 * 65_536],
  ] as const) {
    assert.deepEqual(unpackPart(packed, blocks, start, length), unpacked.slice(start, start + length), `${start}`);
  }
  assert.deepEqual(blocks.partOf(65_536, 5).start, 65_536);
  assert.ok(blocks.partOf(65_536, 5).length < 65_600);
});

test('where a block refers to the one before, or an element lies in two, a part is the whole', () => {
  const first = literal(bytes(65_536, 7));
  for (const elements of [
    [first, copy(65_535, 50), literal(bytes(50, 3))],
    [literal(bytes(65_530, 7)), literal(bytes(106, 3))],
    [literal(bytes(65_530, 7)), copy(30, 50), literal(bytes(56, 3))],
  ]) {
    const { packed, unpacked } = stream(65_636, ...elements);
    const blocks = new SnappyBlocks(packed);
    assert.equal(blocks.areApart, false);
    assert.deepEqual(unpackPart(packed, blocks, 65_560, 20), unpacked.slice(65_560, 65_580));
  }
  assert.equal(new SnappyBlocks(stream(65_586, first, literal(bytes(50, 3))).packed).areApart, true);
});

test('what is cut off is refused', () => {
  const { packed } = stream(120, literal(bytes(50, 7)), copy(20, 50), literal(bytes(20, 3)));
  assert.throws(() => new SnappyBlocks(packed.subarray(0, 2)), /cut off/);
  assert.throws(() => new SnappyBlocks(new Uint8Array()), /cut off/);
});
