import { writeFileSync } from 'node:fs';
import { type ParquetWriteOptions, parquetWriteBuffer } from 'hyparquet-writer';

/** What the package datasets writes of sets of images. */

export interface ImageRow {
  /** null: there is none. */
  readonly bytes: Uint8Array | null;
  readonly path?: string | undefined;
  readonly label: number | null;
}

export interface ParquetFileOptions extends Pick<ParquetWriteOptions, 'codec' | 'compressors' | 'pageSize'> {
  readonly classNames?: readonly string[];
  readonly rowGroupSize?: number;
}

const schema: NonNullable<ParquetWriteOptions['schema']> = [
  { name: 'root', num_children: 2 },
  { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
  { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
  { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
];

/** Structs of bytes and a path, and numbers of classes with their names beside the schema. */
export function writeImageParquet(
  file: string,
  rows: readonly ImageRow[],
  { classNames, ...options }: ParquetFileOptions = {},
): void {
  const features = {
    image: { _type: 'Image' },
    label: { _type: 'ClassLabel', names: classNames },
    other: [{ dtype: 'int64', _type: 'Value' }],
  };
  const known = [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }];
  const bytes = parquetWriteBuffer({
    schema,
    columnData: [
      { name: 'image', data: rows.map(({ bytes, path }) => ({ bytes, path })) },
      { name: 'label', data: rows.map(({ label }) => (label === null ? null : BigInt(label))) },
    ],
    ...(classNames && { kvMetadata: known }),
    ...options,
  });
  writeFileSync(file, new Uint8Array(bytes));
}

/** Snappy as the compressors that people use pack images: every 64 KiB for themselves. Here nothing gets smaller. */
export const blocks = {
  SNAPPY: (bytes: Uint8Array): Uint8Array => {
    const parts: Uint8Array[] = [Buffer.from(varint(bytes.length))];
    for (let start = 0; start < bytes.length; start += 65_536) {
      const block = bytes.subarray(start, start + 65_536);
      const length = block.length - 1;
      parts.push(Buffer.from([61 << 2, length & 255, length >> 8]), block);
    }
    return Buffer.concat(parts);
  },
};

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
