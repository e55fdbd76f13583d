/**
 * Protocol buffers' wire format, as far as ONNX models and TensorBoard need it: varints, floats and what has a length. A message is kept as the
 * pieces that it will be written as, so that weights of a gigabyte are never copied together.
 */
export class Message {
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  /** Of the whole message. */
  get bytes(): number {
    return this.#bytes;
  }

  get pieces(): readonly Uint8Array[] {
    return this.#pieces;
  }

  /** int64 or an enumeration; whole numbers from -2^53 to 2^53. */
  integer(field: number, value: number): this {
    return this.#add(tag(field, WireType.Varint)).#add(varint(BigInt(value)));
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#add(tag(field, WireType.Fixed32)).#add(bytes);
  }

  double(field: number, value: number): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    return this.#add(tag(field, WireType.Fixed64)).#add(bytes);
  }

  text(field: number, value: string): this {
    return this.blob(field, Buffer.from(value, 'utf8'));
  }

  /** The bytes themselves are kept, not a copy. */
  blob(field: number, value: Uint8Array): this {
    return this.#length(field, value.length).#add(value);
  }

  /** Packed, as repeated numbers are. */
  integers(field: number, values: readonly number[]): this {
    return this.blob(field, Buffer.concat(values.map((value) => varint(BigInt(value)))));
  }

  message(field: number, value: Message): this {
    this.#length(field, value.bytes);
    for (const piece of value.pieces) this.#add(piece);
    return this;
  }

  /** In one piece. */
  toBytes(): Buffer {
    return Buffer.concat(this.#pieces, this.#bytes);
  }

  #length(field: number, bytes: number): this {
    return this.#add(tag(field, WireType.Length)).#add(varint(BigInt(bytes)));
  }

  #add(piece: Uint8Array): this {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    return this;
  }
}

/** What a field is written as, the lower three bits of what stands before it. */
export enum WireType {
  Varint = 0,
  Fixed64 = 1,
  Length = 2,
  Fixed32 = 5,
}

function tag(field: number, type: WireType): Uint8Array {
  return varint(BigInt(field * 8 + type));
}

/** Negative numbers as 64-bit two's complement. */
function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, value);
  while (left > 0x7fn) {
    bytes.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  bytes.push(Number(left));
  return Uint8Array.from(bytes);
}
