import { setImmediate } from 'node:timers/promises';
import { VERSION } from '../../binding/package-root.js';
import { type EmbeddingRows, rowBlocks, rowsOfBytes } from '../embedding-rows.js';
import type { EncodedFormat } from './format.js';

/** Values of a row group: hyparquet-writer takes some forty bytes of memory for each. */
const GROUP_BYTES = 8 * 1024 * 1024;
const CREATOR = 'byol-torch';

const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' } as const;

/** Columns split, image, file, label, class, and embedding: a list of float32, equally long in all rows. */
export const parquet: EncodedFormat = {
  kind: 'encoded',
  ending: '.parquet',
  indexed: false,
  isOwn: (tail) => tail.includes(CREATOR) && tail.endsWith('PAR1'),
  async *encode(rows) {
    const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
    const bytes = new ByteWriter();
    const taken = (): Uint8Array => {
      const copy = bytes.getBytes().slice();
      bytes.index = 0;
      return copy;
    };
    const file = new ParquetWriter({
      writer: bytes,
      schema: [
        { name: 'root', num_children: 6 },
        { name: 'split', ...text },
        { name: 'image', type: 'INT32', repetition_type: 'REQUIRED' },
        { name: 'file', ...text },
        { name: 'label', type: 'INT32', repetition_type: 'OPTIONAL' },
        { name: 'class', ...text },
        { name: 'embedding', converted_type: 'LIST', repetition_type: 'REQUIRED', num_children: 1 },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
      ],
      kvMetadata: Object.entries(kept(rows)).map(([key, value]) => ({ key, value })),
      createdBy: `${CREATOR} ${VERSION}`,
    });
    for (const { start, end } of rowBlocks(rows.count, rowsOfBytes(GROUP_BYTES, rows.dimension))) {
      // A group takes a tenth of a second.
      await setImmediate();
      await file.write({ columnData: await columnsOf(rows, start, end), rowGroupSize: end - start });
      yield taken();
    }
    await file.finish();
    yield taken();
  },
};

function kept({ facts, classNames }: EmbeddingRows): Record<string, string> {
  return { ...facts, ...(classNames.length > 0 && { class_names: JSON.stringify(classNames) }) };
}

async function columnsOf(rows: EmbeddingRows, start: number, end: number) {
  const { dimension } = rows;
  const values = await rows.read(start, end);
  const each = Array.from({ length: end - start }, (_, i) => rows.index(start + i));
  return [
    { name: 'split', data: each.map(({ split }) => split) },
    { name: 'image', data: each.map(({ image }) => image) },
    { name: 'file', data: each.map(({ file }) => file) },
    { name: 'label', data: each.map(({ label }) => label) },
    { name: 'class', data: each.map(({ className }) => className) },
    {
      name: 'embedding',
      data: each.map((_, i) => Array.from(values.subarray(i * dimension, (i + 1) * dimension))),
      // Compression finds nothing in them.
      encoding: 'PLAIN' as const,
      codec: 'UNCOMPRESSED' as const,
      statistics: false,
    },
  ];
}
