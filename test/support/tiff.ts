/** One uncompressed image (TIFF 6.0), little-endian, one strip. */
export interface Tiff {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 RGB, 4 CMYK (photometric 5) or RGB with alpha (photometric 2). */
  readonly samples: number;
  readonly bits: 8 | 16;
  /** 1: grey from black; 2: RGB; 5: CMYK. */
  readonly photometric: 1 | 2 | 5;
  /** As in EXIF, 1 to 8. */
  readonly orientation?: number;
  /** height x width x samples values. */
  readonly values: readonly number[];
}

export function encodeTiff(image: Tiff): Uint8Array {
  const { width, height, samples, bits, photometric, orientation = 1, values } = image;
  const bytes = bits / 8;
  const strip = Buffer.alloc(values.length * bytes);
  for (const [i, value] of values.entries()) strip.writeUIntLE(value, i * bytes, bytes);
  const tags: Array<readonly [tag: number, value: number]> = [
    [256, width],
    [257, height],
    [258, bits],
    [259, 1],
    [262, photometric],
    [273, 8],
    [274, orientation],
    [277, samples],
    [278, height],
    [279, strip.length],
    [284, 1],
  ];
  if (photometric === 2 && samples === 4) tags.push([338, 2]);
  // A count of several shorts does not fit into its entry: it lies behind the directory.
  const at = 8 + strip.length + (strip.length % 2);
  const entries = Buffer.alloc(2 + 12 * tags.length + 4);
  const depths = Buffer.alloc(2 * samples);
  for (let i = 0; i < samples; i += 1) depths.writeUInt16LE(bits, 2 * i);
  entries.writeUInt16LE(tags.length, 0);
  for (const [i, [tag, value]] of tags.entries()) {
    const start = 2 + 12 * i;
    const many = tag === 258 && samples > 2;
    entries.writeUInt16LE(tag, start);
    entries.writeUInt16LE(many || tag === 262 || tag === 274 || tag === 277 ? 3 : 4, start + 2);
    entries.writeUInt32LE(many ? samples : 1, start + 4);
    entries.writeUInt32LE(many ? at + entries.length : value, start + 8);
  }
  const header = Buffer.from([0x49, 0x49, 42, 0, 0, 0, 0, 0]);
  header.writeUInt32LE(at, 4);
  return Buffer.concat([header, strip, Buffer.alloc(strip.length % 2), entries, depths]);
}
