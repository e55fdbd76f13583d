import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ColumnMetaData, SchemaTree } from 'hyparquet';
import { readPages } from '../../../lib/data/parquet/parquet-pages.js';

test('a column without rows has no pages, wherever it is said to lie', () => {
  const node: SchemaTree = { element: { name: 'label', type: 'INT32' }, children: [], count: 1, path: ['label'] };
  const pages = (rows: bigint) => {
    const column: ColumnMetaData = {
      type: 'INT32',
      encodings: [],
      path_in_schema: ['label'],
      codec: 'UNCOMPRESSED',
      num_values: rows,
      total_uncompressed_size: 0n,
      total_compressed_size: 0n,
      data_page_offset: 0n,
    };
    return [...readPages(() => new Uint8Array(), 8, column, [node])];
  };
  assert.deepEqual(pages(0n), []);
  assert.throws(() => pages(1n), /a column lies outside of it/);
});
