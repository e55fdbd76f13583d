import { Breather } from '../../breather.js';
import { csvLine } from '../csv.js';
import { type EmbeddingRows, rowBlocks, rowsOfBytes } from '../embedding-rows.js';
import type { EncodedFormat } from './format.js';

/** What rows are told by, in the index of an array and before the values of a CSV file. */
export const INDEX = ['row', 'split', 'image', 'file', 'label', 'class'] as const;
/** How an earlier output begins, that of older versions too, which had no `file`. */
export const INDEX_MARK = 'row,split,image,';

/** Values that become text at once. */
const BLOCK_BYTES = 1024 * 1024;
const INDEX_ROWS = 4096;

/** A line for each row: which image it is of. */
export async function* indexLines(rows: EmbeddingRows): AsyncGenerator<Uint8Array, void, undefined> {
  const breather = new Breather();
  yield Buffer.from(csvLine([...INDEX]));
  for (const { start, end } of rowBlocks(rows.count, INDEX_ROWS)) {
    await breather.breathe();
    const lines = Array.from({ length: end - start }, (_, i) => csvLine(indexCells(rows, start + i)));
    yield Buffer.from(lines.join(''));
  }
}

export const csv: EncodedFormat = {
  kind: 'encoded',
  ending: '.csv',
  indexed: false,
  async *encode(rows) {
    const { count, dimension } = rows;
    const breather = new Breather();
    yield Buffer.from(csvLine([...INDEX, ...Array.from({ length: dimension }, (_, i) => `feature${i}`)]));
    for (const { start, end } of rowBlocks(count, rowsOfBytes(BLOCK_BYTES, dimension))) {
      const values = await rows.read(start, end);
      const lines: string[] = [];
      for (let row = start; row < end; row += 1) {
        await breather.breathe();
        const at = (row - start) * dimension;
        // Nine digits are what a float32 takes to be read back as it was.
        const numbers = Array.from(values.subarray(at, at + dimension), (value) => Number(value.toPrecision(9)));
        lines.push(csvLine([...indexCells(rows, row), ...numbers]));
      }
      yield Buffer.from(lines.join(''));
    }
  },
};

function indexCells(rows: EmbeddingRows, row: number): (string | number | null)[] {
  const { split, image, file, label, className } = rows.index(row);
  return [row, split, image, file, label, className];
}
