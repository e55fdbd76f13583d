import { readFile, stat } from 'node:fs/promises';
import { ByolError } from '../errors.js';
import { fileReason } from '../files/data-file.js';

/** Photos as files or their bytes (JPEG, PNG, WebP, TIFF, AVIF, GIF, ...), decoded by sharp. */

/** One RGB image: height x width x 3 bytes, row-major. */
export interface Pixels {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Larger files than this are no photos. */
const LARGEST_FILE = 1024 * 1024 * 1024;

/**
 * Decodes one image, a path or a file's bytes, to 8-bit sRGB, upright as its EXIF orientation says. Grey, CMYK, 16-bit and
 * palette images are converted; colour profiles are ignored, as the official code and torchvision do; transparent ones are laid on white, as a page shows them; of
 * animations the first frame is taken. Nothing here holds up the event loop.
 *
 * `name` is what errors call it. Throws ERR_BYOL_IMAGE where it cannot be read, is damaged, cut off or no image, or has more
 * than `maxPixels` pixels (of which nothing is decoded then), and ERR_BYOL_NO_DECODER without sharp.
 */
export async function decodeImage(
  source: string | Uint8Array,
  { name, maxPixels }: { readonly name: string; readonly maxPixels: number },
): Promise<Pixels> {
  const { default: sharp } = await loadSharp();
  // Read here: sharp would keep what it has read under a name, whatever the file is by then, and wait for a named pipe.
  const bytes = typeof source === 'string' ? await readImageFile(source, name) : source;
  if (bytes.length === 0) throw imageError(name, 'it is empty');
  try {
    // 'error': what decoders only remark on, as bytes after the end, leaves the image whole.
    const image = sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels, autoOrient: true, ignoreIcc: true });
    const { data, info } = await image
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { pixels: data, width: info.width, height: info.height };
  } catch (error) {
    throw imageError(name, reasonOf(error as Error, maxPixels), error);
  }
}

async function readImageFile(path: string, name: string): Promise<Uint8Array> {
  try {
    const entry = await stat(path);
    if (entry.isDirectory()) throw new Error('it is a folder');
    if (!entry.isFile()) throw new Error('it is not a regular file');
    if (entry.size > LARGEST_FILE) throw new Error(`it has ${entry.size} bytes, more than 1 GiB`);
    return await readFile(path);
  } catch (error) {
    const reason = fileReason(error as NodeJS.ErrnoException);
    throw new ByolError('ERR_BYOL_IMAGE', `${name} cannot be read: ${reason}.`, { cause: error });
  }
}

function imageError(name: string, reason: string, cause?: unknown): ByolError {
  return new ByolError('ERR_BYOL_IMAGE', `${name} cannot be decoded: ${reason}.`, { cause });
}

/** What libvips says of damage may be of another image that is decoded at the same time: it has one text for all threads. */
function reasonOf({ message }: Error, maxPixels: number): string {
  if (message.includes('exceeds pixel limit')) return `it has more than ${maxPixels} pixels (maxPixels)`;
  if (message.includes('unsupported image format')) {
    return 'it is of no known image format (raw pixels are given as { pixels, width, height })';
  }
  return 'it is damaged, cut off, or of a form that sharp does not read';
}

/** An optional dependency: whoever gives pixels does without. */
export async function loadSharp(): Promise<typeof import('sharp')> {
  try {
    return await import('sharp');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    throw new ByolError(
      'ERR_BYOL_NO_DECODER',
      `Image files are decoded by the package sharp, which ${missing ? 'is not installed' : `cannot be loaded: ${(cause as Error).message}`}.`,
      { cause, hint: 'Install it with: npm install sharp. Pixels, { pixels, width, height }, need none.' },
    );
  }
}
