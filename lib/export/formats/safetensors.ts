import { bytesOf, rowBlocks } from '../embedding-rows.js';
import type { FramedFormat, RowsOutline } from './format.js';

/** Labels that are written at once. */
const BLOCK = 1 << 18;

/** `embeddings`, float32 of count x dimension, and with labels `labels`, int32, -1 where unknown. Names are in the index beside it. */
export const safetensors: FramedFormat = {
  kind: 'framed',
  ending: '.safetensors',
  indexed: true,
  head: (rows, most) => {
    // Spaces behind the JSON are allowed: so the number of rows may turn out smaller. Values then begin at a multiple of 8 bytes.
    const length = Math.ceil(header(rows, most).length / 8) * 8;
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(length));
    return Buffer.concat([size, Buffer.concat([header(rows, rows.count), Buffer.alloc(length, ' ')], length)]);
  },
  *tail(rows) {
    if (rows.classNames.length === 0) return;
    for (const { start, end } of rowBlocks(rows.count, BLOCK)) {
      yield bytesOf(Int32Array.from({ length: end - start }, (_, i) => rows.index(start + i).label ?? -1));
    }
  },
};

function header({ dimension, classNames, facts }: RowsOutline, count: number): Buffer {
  const values = 4 * count * dimension;
  const labelled = classNames.length > 0;
  return Buffer.from(
    JSON.stringify({
      __metadata__: { ...facts, ...(labelled && { class_names: JSON.stringify(classNames) }) },
      embeddings: { dtype: 'F32', shape: [count, dimension], data_offsets: [0, values] },
      ...(labelled && { labels: { dtype: 'I32', shape: [count], data_offsets: [values, values + 4 * count] } }),
    }),
  );
}
