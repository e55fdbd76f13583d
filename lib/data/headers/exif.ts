import { isAt, Numbers } from './header.js';

const ORIENTATION = 0x0112;

/**
 * The orientation that an EXIF block says, 1 to 8 (TIFF 6.0, tag 274); 1 where it says none or nonsense.
 *
 * @param bytes from its TIFF header on; "Exif\0\0" may stand before it.
 */
export function exifOrientation(bytes: Uint8Array): number {
  const tiff = isAt(bytes, 0, 'Exif\0\0') ? bytes.subarray(6) : bytes;
  const little = isAt(tiff, 0, 'II');
  if (!little && !isAt(tiff, 0, 'MM')) return 1;
  const numbers = new Numbers(tiff, little);
  const directory = numbers.u32(4) ?? 0;
  const entries = numbers.u16(directory) ?? 0;
  for (let entry = 0; entry < entries; entry += 1) {
    const at = directory + 2 + entry * 12;
    const tag = numbers.u16(at);
    if (tag === undefined) return 1;
    if (tag !== ORIENTATION) continue;
    // 3: SHORT, which lies at the left of its field.
    return validOrientation(numbers.u16(at + 2) === 3 ? numbers.u16(at + 8) : numbers.u32(at + 8));
  }
  return 1;
}

export function validOrientation(value: number | undefined): number {
  return value !== undefined && value >= 1 && value <= 8 ? value : 1;
}
