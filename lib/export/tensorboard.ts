import { crc32c } from '../files/crc32c.js';

/**
 * TensorBoard's event files: TFRecord frames (length, masked CRC-32C of it, data, masked CRC-32C of them) around protobuf
 * messages tensorflow.Event, of which scalars need five fields.
 */

export interface Scalar {
  readonly tag: string;
  readonly step: number;
  /** Seconds since 1970. */
  readonly time: number;
  readonly value: number;
}

/** The bytes of one file. */
export function encodeScalars(scalars: readonly Scalar[]): Uint8Array {
  const start = scalars[0]?.time ?? 0;
  // Event.file_version = 3, which every file begins with.
  const version = Buffer.concat([double(1, start), bytes(3, Buffer.from('brain.Event:2'))]);
  return Buffer.concat([version, ...scalars.map(event)].flatMap(frame));
}

function event({ tag, step, time, value }: Scalar): Buffer {
  // Summary.Value: tag = 1, simple_value = 2. Summary: value = 1. Event: wall_time = 1, step = 2, summary = 5.
  const scalar = Buffer.concat([bytes(1, Buffer.from(tag)), float(2, value)]);
  return Buffer.concat([double(1, time), Buffer.from([2 << 3]), varint(step), bytes(5, bytes(1, scalar))]);
}

function frame(data: Buffer): Buffer[] {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return [length, maskedCrc(length), data, maskedCrc(data)];
}

/** TFRecord rotates and shifts the checksum, since checksums of data that hold checksums are weak. */
function maskedCrc(data: Uint8Array): Buffer {
  const crc = crc32c(data);
  const out = Buffer.alloc(4);
  out.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return out;
}

// Protobuf's wire types: 0 varint, 1 eight bytes, 2 a length and as many bytes, 5 four bytes.

function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  return Buffer.from([...out, rest]);
}

function bytes(field: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2]), varint(data.length), data]);
}

function double(field: number, value: number): Buffer {
  const out = Buffer.alloc(9, (field << 3) | 1);
  out.writeDoubleLE(value, 1);
  return out;
}

function float(field: number, value: number): Buffer {
  const out = Buffer.alloc(5, (field << 3) | 5);
  out.writeFloatLE(value, 1);
  return out;
}
