/** NumPy's file format 1.0 (numpy.lib.format). */

const MAGIC = Buffer.from('\x93NUMPY\x01\x00', 'latin1');

/** A float32 matrix, row-major. */
export function encodeNpy(values: Float32Array, rows: number, columns: number): Uint8Array {
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  // The data begin at a multiple of 64 bytes; the header ends with a line feed.
  const length = Math.ceil((MAGIC.length + 2 + dictionary.length + 1) / 64) * 64 - MAGIC.length - 2;
  const size = Buffer.alloc(2);
  size.writeUInt16LE(length);
  const header = `${dictionary.padEnd(length - 1)}\n`;
  // Every processor that Node runs LibTorch on is little-endian.
  const data = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([MAGIC, size, Buffer.from(header, 'latin1'), data]);
}
