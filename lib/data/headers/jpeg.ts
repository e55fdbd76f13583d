import { exifOrientation } from './exif.js';
import { type ByteReader, type ImageHeader, type ImageTrait, isAt, Numbers } from './header.js';

/** Files whose frame comes after more segments than this are no photos. */
const MOST_SEGMENTS = 1000;
/** Bytes between segments that decoders skip with a remark. */
const MOST_GARBAGE = 4096;

/** Markers of frames (ITU-T T.81, table B.1): C0 to CF but for DHT, JPG and DAC. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** A JPEG's frame header, wherever it lies behind EXIF blocks, thumbnails and profiles; null: there is none. */
export function readJpegHeader(read: ByteReader): ImageHeader | null {
  const traits = new Set<ImageTrait>();
  let orientation = 1;
  let garbage = 0;
  for (let offset = 2, segments = 0; segments < MOST_SEGMENTS && garbage < MOST_GARBAGE; ) {
    const head = read(offset, 4);
    const marker = head[1];
    if (head.length < 4 || marker === undefined) return null;
    if (head[0] !== 0xff || marker === 0xff || marker === 0) {
      offset += 1;
      garbage += 1;
      continue;
    }
    segments += 1;
    // Restart markers, SOI and TEM stand alone.
    if ((marker >= 0xd0 && marker <= 0xd8) || marker === 0x01) {
      offset += 2;
      continue;
    }
    // EOI, or the scan without a frame before it.
    if (marker === 0xd9 || marker === 0xda) return null;
    const length = ((head[2] as number) << 8) | (head[3] as number);
    if (isFrame(marker)) return frame(read(offset + 4, 6), marker, orientation, traits);
    if (marker === 0xe1 && isAt(read(offset + 4, 6), 0, 'Exif\0\0')) {
      orientation = exifOrientation(read(offset + 4, length - 2));
    }
    if (marker === 0xe2 && isAt(read(offset + 4, 12), 0, 'ICC_PROFILE\0')) traits.add('profile');
    offset += 2 + length;
  }
  return null;
}

function frame(bytes: Uint8Array, marker: number, orientation: number, traits: Set<ImageTrait>): ImageHeader | null {
  const numbers = new Numbers(bytes, false);
  const [precision, height, width, components] = [numbers.u8(0), numbers.u16(1), numbers.u16(3), numbers.u8(5)];
  if (precision === undefined || !height || !width || components === undefined) return null;
  if (precision > 8) traits.add('deep');
  if (components === 1) traits.add('grey');
  if (components === 4) traits.add('cmyk');
  if ([0xc2, 0xc6, 0xca, 0xce].includes(marker)) traits.add('progressive');
  if (orientation !== 1) traits.add('rotated');
  return { format: 'jpeg', width, height, orientation, traits };
}
