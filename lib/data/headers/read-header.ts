import { readBmpHeader } from './bmp.js';
import { readGifHeader } from './gif.js';
import { type ByteReader, type ImageFormat, type ImageHeader, isAt, Numbers } from './header.js';
import { heifFormat, readHeifHeader } from './heif.js';
import { readJpegHeader } from './jpeg.js';
import { readPngHeader } from './png.js';
import { readTiffHeader } from './tiff.js';
import { readWebpHeader } from './webp.js';

/** Decoded neither by LibJPEG-turbo nor by sharp's prebuilt libvips. */
const undecodable: ReadonlySet<ImageFormat> = new Set(['bmp', 'heic', 'jxl', 'psd']);

/** As large as the native part takes: pixels of a side. */
export const LARGEST_SIDE = 16_384;

/** Why a file cannot be used as an image, as far as its first bytes tell. */
export const headerProblems = ['foreign', 'empty', 'damaged', 'undecodable', 'huge', 'unreadable'] as const;
export type HeaderProblem = (typeof headerProblems)[number];

/** What each of them means, after "it". */
export const problemTexts: Readonly<Record<HeaderProblem, string>> = {
  foreign: 'is no image by its content',
  empty: 'is empty',
  damaged: 'begins as an image, but has no readable header',
  undecodable: 'is of a format that is not decoded',
  huge: `has a side of more than ${LARGEST_SIDE} pixels`,
  unreadable: 'cannot be read',
};

/** What a file's first bytes say: its header where there is one, and why it cannot be used. */
export interface HeaderReading {
  readonly header: ImageHeader | null;
  readonly problem: HeaderProblem | null;
}

/**
 * The format, by content and never by a name, with the size and what is unusual. Reads a few kilobytes, more where a camera has put
 * a thumbnail before the size. Takes any bytes.
 */
export function readHeader(reader: ByteReader): HeaderReading {
  // Places of 64 bits may be none that a file can have.
  const read: ByteReader = (offset, length) =>
    Number.isSafeInteger(offset + length) ? reader(offset, length) : new Uint8Array();
  const start = read(0, 64).slice();
  if (start.length === 0) return { header: null, problem: 'empty' };
  const format = formatOf(start);
  if (format === null) return { header: null, problem: 'foreign' };
  const header = readers[format](read);
  if (undecodable.has(format)) return { header, problem: 'undecodable' };
  if (header === null) return { header, problem: 'damaged' };
  return { header, problem: Math.max(header.width, header.height) > LARGEST_SIDE ? 'huge' : null };
}

function formatOf(start: Uint8Array): ImageFormat | null {
  if (start[0] === 0xff && start[1] === 0xd8 && start[2] === 0xff) return 'jpeg';
  if (isAt(start, 0, '\x89PNG\r\n\x1a\n')) return 'png';
  if (isAt(start, 0, 'GIF87a') || isAt(start, 0, 'GIF89a')) return 'gif';
  if (isAt(start, 0, 'RIFF') && isAt(start, 8, 'WEBP')) return 'webp';
  if (['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].some((mark) => isAt(start, 0, mark))) return 'tiff';
  if (isAt(start, 0, '8BPS')) return 'psd';
  if (isAt(start, 0, '\xff\x0a') || isAt(start, 4, 'JXL \r\n\x87\n')) return 'jxl';
  if (isBitmap(start)) return 'bmp';
  return heifFormat(start);
}

/** 'BM' alone begins many a text: the header after it has one of few lengths. */
function isBitmap(start: Uint8Array): boolean {
  const length = new Numbers(start, true).u32(14);
  return isAt(start, 0, 'BM') && length !== undefined && [12, 16, 40, 52, 56, 64, 108, 124].includes(length);
}

const sizeUnknown = (): null => null;

const readers: Readonly<Record<ImageFormat, (read: ByteReader) => ImageHeader | null>> = {
  jpeg: readJpegHeader,
  png: readPngHeader,
  gif: readGifHeader,
  webp: readWebpHeader,
  tiff: readTiffHeader,
  avif: (read) => readHeifHeader(read, 'avif'),
  heic: (read) => readHeifHeader(read, 'heic'),
  bmp: readBmpHeader,
  jxl: sizeUnknown,
  psd: sizeUnknown,
};
