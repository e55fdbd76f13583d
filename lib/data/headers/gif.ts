import { type ByteReader, type ImageHeader, type ImageTrait, Numbers } from './header.js';

/** Blocks that are looked at for a second frame: animations have an extension or two before each. */
const MOST_BLOCKS = 64;
/** Parts of one block, of up to 255 bytes each: 16 MB. */
const MOST_PARTS = 65_536;

/** A GIF's logical screen, and whether there is a second frame (GIF89a, sections 18 to 26); null: it is cut off. */
export function readGifHeader(read: ByteReader): ImageHeader | null {
  const screen = new Numbers(read(6, 7), true);
  const [width, height, packed] = [screen.u16(0), screen.u16(2), screen.u8(4)];
  if (!width || !height || packed === undefined) return null;
  const traits = new Set<ImageTrait>(['palette']);
  const colours = (bits: number): number => (bits & 0x80 ? 3 * 2 ** ((bits & 7) + 1) : 0);
  let frames = 0;
  for (let offset = 13 + colours(packed), blocks = 0; blocks < MOST_BLOCKS && frames < 2; blocks += 1) {
    const head = read(offset, 10);
    if (head[0] === 0x2c) {
      frames += 1;
      offset = endOfParts(read, offset + 10 + colours(head[9] ?? 0) + 1);
    } else if (head[0] === 0x21) {
      // Graphic control: the lowest bit says that a colour is transparent.
      if (head[1] === 0xf9 && ((head[3] ?? 0) & 1) === 1) traits.add('alpha');
      offset = endOfParts(read, offset + 2);
    } else break;
  }
  if (frames > 1) traits.add('animated');
  return { format: 'gif', width, height, orientation: 1, traits };
}

/** Behind the parts at an offset, each with its length before it, and the 0 that ends them. */
function endOfParts(read: ByteReader, start: number): number {
  let offset = start;
  for (let parts = 0; parts < MOST_PARTS; parts += 1) {
    const length = read(offset, 1)[0];
    if (length === undefined) return offset;
    offset += 1 + length;
    if (length === 0) return offset;
  }
  return offset;
}
