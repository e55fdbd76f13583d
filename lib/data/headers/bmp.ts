import { type ByteReader, type ImageHeader, type ImageTrait, Numbers } from './header.js';

/** A Windows or OS/2 bitmap; null: it is damaged. Heights below 0 are of images from top to bottom. */
export function readBmpHeader(read: ByteReader): ImageHeader | null {
  const numbers = new Numbers(read(14, 16), true);
  const old = numbers.u32(0) === 12;
  const width = old ? numbers.u16(4) : numbers.i32(4);
  const height = old ? numbers.u16(6) : numbers.i32(8);
  const depth = numbers.u16(old ? 10 : 14);
  if (!width || !height || width < 0 || depth === undefined) return null;
  const traits = new Set<ImageTrait>(depth <= 8 ? ['palette'] : []);
  return { format: 'bmp', width, height: Math.abs(height), orientation: 1, traits };
}
