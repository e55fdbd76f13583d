import { exifOrientation } from './exif.js';
import { type ByteReader, type ImageHeader, type ImageTrait, isAt, Numbers } from './header.js';

const MOST_CHUNKS = 1000;
/** An EXIF block is no longer in a JPEG either. */
const MOST_EXIF = 65_536;

/** A PNG's IHDR and what stands before its pixels (PNG specification, third edition, section 11); null: it is damaged. */
export function readPngHeader(read: ByteReader): ImageHeader | null {
  const first = read(8, 21);
  if (!isAt(first, 4, 'IHDR')) return null;
  const numbers = new Numbers(first, false);
  const [width, height, depth, colour] = [numbers.u32(8), numbers.u32(12), numbers.u8(16), numbers.u8(17)];
  if (!width || !height || colour === undefined || depth === undefined) return null;
  const traits = new Set<ImageTrait>();
  if (depth === 16) traits.add('deep');
  if (colour === 3) traits.add('palette');
  if (colour === 0 || colour === 4) traits.add('grey');
  if (colour === 4 || colour === 6) traits.add('alpha');
  let orientation = 1;
  for (let offset = 33, chunks = 0; chunks < MOST_CHUNKS; chunks += 1) {
    const head = read(offset, 8);
    const length = new Numbers(head, false).u32(0);
    if (head.length < 8 || length === undefined || isAt(head, 4, 'IDAT') || isAt(head, 4, 'IEND')) break;
    if (isAt(head, 4, 'tRNS')) traits.add('alpha');
    if (isAt(head, 4, 'acTL')) traits.add('animated');
    if (isAt(head, 4, 'iCCP')) traits.add('profile');
    if (isAt(head, 4, 'eXIf') && length <= MOST_EXIF) orientation = exifOrientation(read(offset + 8, length));
    offset += 12 + length;
  }
  if (orientation !== 1) traits.add('rotated');
  return { format: 'png', width, height, orientation, traits };
}
