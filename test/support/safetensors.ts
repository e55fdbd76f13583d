import { readFileSync, writeFileSync } from 'node:fs';

/** A tensor of a safetensors file as its bytes. */
export interface RawTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Reads a safetensors file apart, without checks. */
export function readRaw(path: string): Map<string, RawTensor> {
  const file = readFileSync(path);
  const length = Number(file.readBigUInt64LE(0));
  const { __metadata__: _metadata, ...header } = JSON.parse(file.toString('utf8', 8, 8 + length));
  const entries = Object.entries(header as Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>);
  return new Map(
    entries.map(([name, { dtype, shape, data_offsets: offsets }]) => {
      const [begin, end] = offsets.map((offset) => 8 + length + offset);
      return [name, { dtype, shape, bytes: file.subarray(begin, end) }];
    }),
  );
}

/** Writes what another program might: nothing is checked. */
export function writeRaw(path: string, tensors: Iterable<readonly [string, RawTensor]>, metadata?: object): void {
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata };
  const data: Uint8Array[] = [];
  let position = 0;
  for (const [name, { dtype, shape, bytes }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [position, position + bytes.length] };
    position += bytes.length;
    data.push(bytes);
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(path, Buffer.concat([length, text, ...data]));
}

/** The values as float32, little-endian. */
export function floats(shape: readonly number[], values: readonly number[]): RawTensor {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setFloat32(4 * i, value, true);
  return { dtype: 'F32', shape, bytes };
}
