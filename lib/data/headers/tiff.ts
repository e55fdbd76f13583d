import { validOrientation } from './exif.js';
import { type ByteReader, type ImageHeader, type ImageTrait, isAt, Numbers } from './header.js';

const tags = {
  width: 256,
  height: 257,
  bits: 258,
  photometric: 262,
  orientation: 274,
  samples: 277,
  extraSamples: 338,
  profile: 34_675,
} as const;
const MOST_ENTRIES = 4096;

/** A TIFF's first image (TIFF 6.0, sections 2 and 8; BigTIFF has fields of 8 bytes); null: it is damaged. */
export function readTiffHeader(read: ByteReader): ImageHeader | null {
  const start = read(0, 16).slice();
  const little = isAt(start, 0, 'II');
  const head = new Numbers(start, little);
  const big = head.u16(2) === 43;
  const long = (numbers: Numbers, offset: number): number | undefined =>
    big ? u64(numbers, offset, little) : numbers.u32(offset);
  const directory = long(head, big ? 8 : 4);
  if (directory === undefined) return null;
  const counts = new Numbers(read(directory, 8), little);
  const entries = big ? u64(counts, 0, little) : counts.u16(0);
  if (entries === undefined || entries === 0 || entries > MOST_ENTRIES) return null;
  const [first, step] = big ? [8, 20] : [2, 12];
  const table = read(directory + first, entries * step + 8).slice();
  const numbers = new Numbers(table, little);
  const found = new Map<number, number>();
  for (let entry = 0; entry < entries; entry += 1) {
    const at = entry * step;
    const [tag, type] = [numbers.u16(at), numbers.u16(at + 2)];
    const value = at + (big ? 12 : 8);
    const read16 = type === 3 ? numbers.u16(value) : numbers.u32(value);
    if (tag === undefined || read16 === undefined) break;
    // Three SHORTs do not fit beside the tag: its field says where they lie.
    const apart = type === 3 && (numbers.u32(at + 4) ?? 1) * 2 > (big ? 8 : 4);
    found.set(tag, apart ? (new Numbers(read(long(numbers, value) ?? 0, 2), little).u16(0) ?? 0) : read16);
  }
  const [width, height] = [found.get(tags.width), found.get(tags.height)];
  if (!width || !height) return null;
  const orientation = validOrientation(found.get(tags.orientation));
  const next = long(numbers, entries * step);
  return {
    format: 'tiff',
    width,
    height,
    orientation,
    traits: traitsOf(found, orientation, next !== undefined && next > 0),
  };
}

function traitsOf(found: ReadonlyMap<number, number>, orientation: number, several: boolean): Set<ImageTrait> {
  const traits = new Set<ImageTrait>();
  const photometric = found.get(tags.photometric);
  if (photometric === 0 || photometric === 1) traits.add('grey');
  if (photometric === 3) traits.add('palette');
  if (photometric === 5) traits.add('cmyk');
  if ((found.get(tags.bits) ?? 8) > 8) traits.add('deep');
  if (found.has(tags.extraSamples)) traits.add('alpha');
  if (found.has(tags.profile)) traits.add('profile');
  if (several) traits.add('animated');
  if (orientation !== 1) traits.add('rotated');
  return traits;
}

function u64(numbers: Numbers, offset: number, little: boolean): number | undefined {
  const [low, high] = [numbers.u32(offset + (little ? 0 : 4)), numbers.u32(offset + (little ? 4 : 0))];
  return low === undefined || high === undefined ? undefined : high * 2 ** 32 + low;
}
