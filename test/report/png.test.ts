import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { drawContactSheet } from '../../lib/report/contact-sheet.js';
import { encodePng } from '../../lib/report/png.js';

test('a PNG file holds the pixels, row by row, in the chunks that the standard asks for', () => {
  const pixels = Uint8Array.from({ length: 2 * 3 * 3 }, (_, i) => 7 * i);
  const bytes = Buffer.from(encodePng({ width: 3, height: 2, pixels }));
  assert.equal(bytes.toString('latin1', 0, 8), '\x89PNG\r\n\x1a\n');
  const chunks: Array<[type: string, data: Buffer]> = [];
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    chunks.push([bytes.toString('latin1', at + 4, at + 8), bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at))]);
  }
  assert.deepEqual(
    chunks.map(([type]) => type),
    ['IHDR', 'IDAT', 'IEND'],
  );
  // Width, height, 8 bits, truecolour, deflate, adaptive filters, not interlaced.
  assert.deepEqual([...(chunks[0]?.[1] ?? [])], [0, 0, 0, 3, 0, 0, 0, 2, 8, 2, 0, 0, 0]);
  assert.deepEqual([...inflateSync(chunks[1]?.[1] as Buffer)], [0, ...pixels.subarray(0, 9), 0, ...pixels.subarray(9)]);
  // The checksum of an empty IEND is the same in every PNG file there is.
  assert.equal(bytes.subarray(-4).toString('hex'), 'ae426082');
});

test('a contact sheet has its pictures in rows, enlarged by whole pixels, on white', () => {
  const size = 64;
  const filled = (r: number, g: number, b: number) =>
    Float32Array.from({ length: size * size * 3 }, (_, i) => [r, g, b][i % 3] as number);
  const sheet = drawContactSheet({ size, rows: [[filled(1, 0, 0), filled(0, 0.5, 2)], [filled(-1, 0, 1)]] });
  const at = (x: number, y: number) => [
    ...sheet.pixels.subarray((y * sheet.width + x) * 3, (y * sheet.width + x) * 3 + 3),
  ];
  assert.deepEqual([sheet.width, sheet.height], [6 + 2 * (128 + 6), 6 + 2 * (128 + 6)]);
  assert.deepEqual(at(0, 0), [255, 255, 255]);
  assert.deepEqual(at(6, 6), [255, 0, 0]);
  assert.deepEqual(at(6 + 127, 6 + 127), [255, 0, 0]);
  assert.deepEqual(at(6 + 128, 6), [255, 255, 255]);
  assert.deepEqual(at(6 + 134, 6), [0, 128, 255], 'cut off at white');
  assert.deepEqual(at(6, 6 + 134), [0, 0, 255], 'cut off at black');
  assert.deepEqual(at(6 + 134, 6 + 134), [255, 255, 255], 'a missing picture leaves its place white');
});

test('each pixel of a small picture becomes a square', () => {
  const picture = Float32Array.from({ length: 2 * 2 * 3 }, (_, i) => (i < 6 ? (i < 3 ? 0 : 1) : 0.2));
  const { width, pixels } = drawContactSheet({ size: 2, rows: [[picture]] });
  const at = (x: number, y: number) => pixels[(y * width + x) * 3];
  assert.deepEqual([at(6, 6), at(6 + 63, 6 + 63), at(6 + 64, 6), at(6 + 63, 6 + 64)], [0, 0, 255, 51]);
});
