import { exifOrientation } from './exif.js';
import { type ByteReader, type ImageHeader, type ImageTrait, isAt, Numbers } from './header.js';

const MOST_CHUNKS = 1000;
const MOST_EXIF = 65_536;

/** A WebP's size (RFC 9649 for its container, RFC 6386 section 9.1 for VP8); null: it is damaged. */
export function readWebpHeader(read: ByteReader): ImageHeader | null {
  const bytes = read(12, 30);
  const numbers = new Numbers(bytes, true);
  const traits = new Set<ImageTrait>();
  if (isAt(bytes, 0, 'VP8 ')) {
    // The start code follows the frame's tag of three bytes; the two highest bits of each side are its scale.
    const [width, height] = [numbers.u16(14), numbers.u16(16)];
    if (bytes[11] !== 0x9d || bytes[12] !== 0x01 || bytes[13] !== 0x2a) return null;
    return sized(width && width & 0x3fff, height && height & 0x3fff, 1, traits);
  }
  if (isAt(bytes, 0, 'VP8L')) {
    const packed = numbers.u32(9);
    if (bytes[8] !== 0x2f || packed === undefined) return null;
    if ((packed >>> 28) & 1) traits.add('alpha');
    return sized((packed & 0x3fff) + 1, ((packed >>> 14) & 0x3fff) + 1, 1, traits);
  }
  const flags = numbers.u8(8);
  const [width, height] = [numbers.u32(12), numbers.u32(15)];
  if (!isAt(bytes, 0, 'VP8X') || flags === undefined || width === undefined || height === undefined) return null;
  if (flags & 0x10) traits.add('alpha');
  if (flags & 0x02) traits.add('animated');
  if (flags & 0x20) traits.add('profile');
  const orientation = flags & 0x08 ? orientationIn(read) : 1;
  return sized((width & 0xffffff) + 1, (height & 0xffffff) + 1, orientation, traits);
}

function sized(
  width: number | undefined,
  height: number | undefined,
  orientation: number,
  traits: Set<ImageTrait>,
): ImageHeader | null {
  if (!width || !height) return null;
  if (orientation !== 1) traits.add('rotated');
  return { format: 'webp', width, height, orientation, traits };
}

/** Of the EXIF chunk, which comes after the pixels. */
function orientationIn(read: ByteReader): number {
  for (let offset = 12, chunks = 0; chunks < MOST_CHUNKS; chunks += 1) {
    const head = read(offset, 8);
    const length = new Numbers(head, true).u32(4);
    if (length === undefined) return 1;
    if (isAt(head, 0, 'EXIF')) return exifOrientation(read(offset + 8, Math.min(length, MOST_EXIF)));
    offset += 8 + length + (length % 2);
  }
  return 1;
}
