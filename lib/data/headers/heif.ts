import { type ByteReader, type ImageFormat, type ImageHeader, type ImageTrait, isAt, Numbers } from './header.js';

/** Brands of still images and sequences in AV1 and HEVC (AVIF 1.1 section 6, ISO/IEC 23008-12 annex B). */
const brands: Readonly<Record<string, ImageFormat>> = {
  avif: 'avif',
  avis: 'avif',
  heic: 'heic',
  heix: 'heic',
  hevc: 'heic',
  heim: 'heic',
  heis: 'heic',
};
/** Boxes that hold the properties of images, one in the other. */
const parents = new Set(['meta', 'iprp', 'ipco']);
const MOST_BOXES = 1000;
/** Properties lie before the pixels; a longer box of them is damaged. */
const MOST_BYTES = 1 << 20;

/** The format that an ISO media file holds; null: no image that is known, as a film. */
export function heifFormat(bytes: Uint8Array): ImageFormat | null {
  if (!isAt(bytes, 4, 'ftyp')) return null;
  const size = Math.min(new Numbers(bytes, false).u32(0) ?? 0, bytes.length);
  // The major brand, then the compatible ones; between them lies a version.
  for (let at = 8; at + 4 <= size; at += at === 8 ? 8 : 4) {
    const found = brands[String.fromCharCode(...bytes.subarray(at, at + 4))];
    if (found !== undefined) return found;
  }
  return null;
}

/**
 * An AVIF's or HEIC's size (ISO/IEC 23008-12, section 6.5): of images that are put together of tiles the largest of all. Turns are
 * already in it: decoders do them, whatever EXIF says. null: it is damaged.
 */
export function readHeifHeader(read: ByteReader, format: ImageFormat): ImageHeader | null {
  const traits = new Set<ImageTrait>();
  let [width, height, turned] = [0, 0, false];
  const look = (start: number, end: number, budget: { boxes: number }): void => {
    for (let at = start; at + 8 <= end && budget.boxes > 0; budget.boxes -= 1) {
      const head = read(at, 24).slice();
      const numbers = new Numbers(head, false);
      const size = numbers.u32(0);
      if (size === undefined || head.length < 8 || size < 8) return;
      const type = String.fromCharCode(...head.subarray(4, 8));
      // 'meta' has a version and flags before what it holds.
      if (parents.has(type)) look(at + (type === 'meta' ? 12 : 8), Math.min(at + size, start + MOST_BYTES), budget);
      const [w, h] = [numbers.u32(12) ?? 0, numbers.u32(16) ?? 0];
      if (type === 'ispe' && w * h > width * height) [width, height] = [w, h];
      if (type === 'irot' && ((head[8] ?? 0) & 1) === 1) turned = true;
      if (type === 'auxC') traits.add('alpha');
      if (type === 'pixi' && (head[13] ?? 8) > 8) traits.add('deep');
      at += size;
    }
  };
  look(0, MOST_BYTES, { boxes: MOST_BOXES });
  if (width === 0 || height === 0) return null;
  const [upright, tall] = turned ? [height, width] : [width, height];
  return { format, width: upright, height: tall, orientation: 1, traits };
}
