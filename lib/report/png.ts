import { crc32, deflateSync } from 'node:zlib';

/** A picture of 8-bit RGB pixels, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** height x width x 3. */
  readonly pixels: Uint8Array;
}

/** PNG (ISO/IEC 15948): truecolour, 8 bits, not interlaced, unfiltered rows. */
export function encodePng({ width, height, pixels }: Picture): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const stride = width * 3;
  const rows = Buffer.alloc(height * (stride + 1));
  for (let row = 0; row < height; row += 1) {
    // The byte before each row names its filter: 0, none.
    rows.set(pixels.subarray(row * stride, (row + 1) * stride), row * (stride + 1) + 1);
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** null: it is no PNG file. */
export function pngSize(bytes: Uint8Array): Pick<Picture, 'width' | 'height'> | null {
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // After the signature: the header's length, its name, width and height.
  if (png.length < 24 || png.toString('latin1', 12, 16) !== 'IHDR') return null;
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

function chunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  out.set(data, 8);
  // Over type and data.
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}
