import type { FramedFormat } from './format.js';

const MAGIC = Buffer.from('\x93NUMPY\x01\x00', 'latin1');

/** What comes before the values of a float32 matrix, row-major, in NumPy's file format 1.0 (numpy.lib.format): 128 bytes. */
export function npyHead(rows: number, columns: number): Uint8Array {
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  // The data begin at a multiple of 64 bytes, which no shape that fits a disk brings to the next one; the header ends with a line feed.
  const length = Math.ceil((MAGIC.length + 2 + dictionary.length + 1) / 64) * 64 - MAGIC.length - 2;
  const size = Buffer.alloc(2);
  size.writeUInt16LE(length);
  return Buffer.concat([MAGIC, size, Buffer.from(`${dictionary.padEnd(length - 1)}\n`, 'latin1')]);
}

export const npy: FramedFormat = {
  kind: 'framed',
  ending: '.npy',
  indexed: true,
  head: ({ count, dimension }) => npyHead(count, dimension),
  tail: () => [],
};
