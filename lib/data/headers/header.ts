/** Formats that are told by their first bytes. `bmp`, `heic`, `jxl` and `psd` are named where they are met, and not decoded. */
export const imageFormats = ['jpeg', 'png', 'gif', 'webp', 'tiff', 'avif', 'bmp', 'heic', 'jxl', 'psd'] as const;
/** A format of image files. */
export type ImageFormat = (typeof imageFormats)[number];

/** What is unusual about an image, as far as its header says. */
export const imageTraits = [
  'grey',
  'cmyk',
  'alpha',
  'palette',
  'deep',
  'animated',
  'progressive',
  'profile',
  'rotated',
] as const;
export type ImageTrait = (typeof imageTraits)[number];

/** What stands in front of the pixels of an image file. */
export interface ImageHeader {
  readonly format: ImageFormat;
  /** As it is stored, in pixels: before `orientation`. */
  readonly width: number;
  readonly height: number;
  /** EXIF, 1 to 8; 5 and more swap width and height. */
  readonly orientation: number;
  readonly traits: ReadonlySet<ImageTrait>;
}

/**
 * Bytes of a file or of a part of one, from an offset: fewer than asked for, or none, at its end. What is returned holds until the
 * next call.
 */
export type ByteReader = (offset: number, length: number) => Uint8Array;

/** Of bytes in memory. */
export function readerOf(bytes: Uint8Array): ByteReader {
  return (offset, length) => bytes.subarray(offset, offset + length);
}

/** Big- or little-endian numbers of `bytes`; undefined past their end. */
export class Numbers {
  readonly #view: DataView;
  readonly #little: boolean;

  constructor(bytes: Uint8Array, little: boolean) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = little;
  }

  get length(): number {
    return this.#view.byteLength;
  }
  u8(offset: number): number | undefined {
    return this.#fits(offset, 1) ? this.#view.getUint8(offset) : undefined;
  }
  u16(offset: number): number | undefined {
    return this.#fits(offset, 2) ? this.#view.getUint16(offset, this.#little) : undefined;
  }
  u32(offset: number): number | undefined {
    return this.#fits(offset, 4) ? this.#view.getUint32(offset, this.#little) : undefined;
  }
  i32(offset: number): number | undefined {
    return this.#fits(offset, 4) ? this.#view.getInt32(offset, this.#little) : undefined;
  }

  #fits(offset: number, length: number): boolean {
    return offset >= 0 && offset + length <= this.#view.byteLength;
  }
}

/** Whether the bytes at an offset are these characters. */
export function isAt(bytes: Uint8Array, offset: number, characters: string): boolean {
  if (offset + characters.length > bytes.length) return false;
  for (let i = 0; i < characters.length; i += 1) if (bytes[offset + i] !== characters.charCodeAt(i)) return false;
  return true;
}
