import { totalmem } from 'node:os';
import type { DecodeFailure, DecodeLimits, NativeDecodePool, NativeModule } from '../../binding/native.js';
import { ByolError } from '../../errors.js';
import { type FilesSource, sizeOf } from '../dataset.js';
import { decodeImage, type Pixels } from '../decode-image.js';
import { BOX_NUMBERS, deinterleaved, type ImageRequest, interleaved } from '../images.js';
import { afterIt } from './broken.js';

/** Of a photo and of a batch of them; what takes more is broken. */
export const LIMITS: DecodeLimits = {
  pixels: 2 ** 28,
  memory: 512 * 1024 ** 2,
  scans: 500,
  seconds: 60,
  fileBytes: 1024 ** 3,
  // More would not be memory but swapping, and then the end of the process.
  batchBytes: Math.floor(totalmem() / 2),
};

/**
 * Where views are antialiased, a photo is decoded at a half, a quarter or an eighth of its sides if all its crops then still have
 * so many times the sides of the views. Those differ by 0.4 levels of 255 then (root mean square; the median of random crops of
 * photos, 0.8 at most; bench/results/decode.json has other ratios).
 */
const LEAST_RATIO = 3;

/**
 * A photo that has not come for so long never will, as on a network folder that stalls: whoever waits for it is told. Each photo of a
 * batch adds a second: those of other batches are decoded before it.
 */
const STALL_SECONDS = 600;

/** Images that sharp decodes at a time: it has four threads. */
export const MOST_AT_ONCE = 4;

/** Parts of photos as an ImageStore is made of them. */
export interface DecodedPhotos {
  /** Of photo i heights[i] x widths[i] x 3 bytes, one after the other. */
  readonly pixels: Uint8Array;
  readonly heights: Int32Array;
  readonly widths: Int32Array;
  /** The crops' places in these parts. */
  readonly boxes: readonly Float32Array[];
  /** Rows without pixels, and why: after "it". */
  readonly broken: ReadonlyMap<number, string>;
}

/** Decodes the parts of photos that crops need: JPEG natively, on threads of its own, whatever else by sharp. */
export class PhotoDecoder {
  readonly #pool: NativeDecodePool;
  readonly #stallSeconds: number;

  constructor(native: Pick<NativeModule, 'DecodePool'>, threads: number, stallSeconds = STALL_SECONDS) {
    this.#pool = new native.DecodePool(threads);
    this.#stallSeconds = stallSeconds;
  }

  /** Throws ERR_BYOL_DATA where they do not come at all. */
  async decode(source: FilesSource, { indices, boxes, shrinkTo }: ImageRequest): Promise<DecodedPhotos> {
    const images = Array.from(indices);
    const sizes = images.map((image) => sizeOf(source, image));
    const decoding = this.#pool.decode({
      places: images.map((image) => source.place(image)),
      heights: Int32Array.from(sizes, ({ height }) => height),
      widths: Int32Array.from(sizes, ({ width }) => width),
      orientations: Int32Array.from(images, (image) => source.orientation(image)),
      crops: boxes.length,
      boxes: interleaved(boxes, images.length),
      viewHeight: shrinkTo?.height ?? 1,
      viewWidth: shrinkTo?.width ?? 1,
      leastRatio: shrinkTo === null ? null : LEAST_RATIO,
      limits: LIMITS,
    });
    const decoded = await this.#unlessStalled(decoding, source, images);
    const { pixels, heights, widths } = decoded;
    const starts = startsOf(heights, widths);
    const broken = new Map<number, string>();
    const others: number[] = [];
    for (const failure of decoded.failures) {
      if (mayBeOther(failure)) others.push(failure.image);
      else broken.set(failure.image, afterIt(failure.reason));
    }
    const crops = deinterleaved(decoded.boxes, boxes.length);
    await each(others, MOST_AT_ONCE, async (row) => {
      const image = images[row] as number;
      const size = { height: heights[row] as number, width: widths[row] as number };
      const shrink = 8 / (decoded.scales[row] as number);
      const corner = cornerOf(boxes[0] as Int32Array, crops[0] as Float32Array, row, shrink);
      try {
        const whole = await this.#unlessStalled(decodeWhole(source, image), source, [image]);
        const into = pixels.subarray(starts[row] as number, (starts[row] as number) + size.height * size.width * 3);
        copyPart(whole, { ...corner, ...size }, shrink, into);
      } catch (error) {
        if (!(error instanceof ByolError) || error.code !== 'ERR_BYOL_IMAGE') throw error;
        broken.set(row, afterIt(reasonOf(error)));
      }
    });
    return { pixels, heights, widths, boxes: crops, broken };
  }

  dispose(): void {
    this.#pool.dispose();
  }

  async #unlessStalled<T>(work: Promise<T>, source: FilesSource, [first, ...others]: readonly number[]): Promise<T> {
    const seconds = this.#stallSeconds * (1 + (1 + others.length) / STALL_SECONDS);
    let timer: NodeJS.Timeout | undefined;
    const stalled = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const more = others.length === 0 ? '' : ` and ${others.length} more`;
        const error = `${source.location(first as number)}${more} did not come for ${Number(seconds.toPrecision(2))} seconds.`;
        reject(
          new ByolError('ERR_BYOL_DATA', error, {
            hint: 'Look whether the disk or the network folder answers, and resume.',
          }),
        );
      }, seconds * 1000);
    });
    try {
      return await Promise.race([work, stalled]);
    } finally {
      clearTimeout(timer);
      // Whatever becomes of it then, nobody waits for it.
      work.catch(() => {});
    }
  }
}

/** Whether sharp may know better. */
export function mayBeOther({ outcome }: DecodeFailure): boolean {
  return outcome === 'not-jpeg' || outcome === 'unsupported';
}

export async function decodeWhole(source: FilesSource, image: number): Promise<Pixels> {
  const { height, width } = sizeOf(source, image);
  const name = source.location(image);
  const found = await decodeImage(await source.read(image), { name, maxPixels: height * width });
  if (found.height === height && found.width === width) return found;
  const sizes = `it has ${found.width} x ${found.height} pixels, and had ${width} x ${height}`;
  throw new ByolError('ERR_BYOL_IMAGE', `${name} cannot be decoded: ${sizes}.`);
}

/** What follows the name in an error about an image: "cannot be read: ...". */
export function reasonOf({ message }: ByolError): string {
  return /(cannot be (?:decoded|read): .*)\.$/s.exec(message)?.[1] ?? message;
}

interface Part {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Of a part `shrink` times as large as `into`, whose corner is given in pixels of the whole. Each pixel is the mean of those that it
 * has in the whole, as a scaled decoding of a JPEG is.
 */
function copyPart(whole: Pixels, { top, left, height, width }: Part, shrink: number, into: Uint8Array): void {
  for (let row = 0; row < height; row += 1) {
    const [firstRow, endRow] = within(top + row * shrink, shrink, whole.height);
    if (shrink === 1) {
      const from = (firstRow * whole.width + left) * 3;
      into.set(whole.pixels.subarray(from, from + width * 3), row * width * 3);
      continue;
    }
    for (let column = 0; column < width; column += 1) {
      const [firstColumn, endColumn] = within(left + column * shrink, shrink, whole.width);
      const pixels = (endRow - firstRow) * (endColumn - firstColumn);
      for (let channel = 0; channel < 3; channel += 1) {
        let sum = 0;
        for (let y = firstRow; y < endRow; y += 1) {
          for (let x = firstColumn; x < endColumn; x += 1)
            sum += whole.pixels[(y * whole.width + x) * 3 + channel] as number;
        }
        into[(row * width + column) * 3 + channel] = Math.round(sum / pixels);
      }
    }
  }
}

/** What a side of `length` has of these pixels. */
function within(first: number, count: number, length: number): readonly [number, number] {
  return [Math.max(0, first), Math.min(length, first + count)];
}

/** Of the decoded part, in pixels of the whole image: where its first crop is in both says it. */
function cornerOf(
  asked: Int32Array,
  decoded: Float32Array,
  row: number,
  shrink: number,
): { readonly top: number; readonly left: number } {
  const at = (number: number): number =>
    (asked[row * BOX_NUMBERS + number] as number) - (decoded[row * BOX_NUMBERS + number] as number) * shrink;
  return { top: at(0), left: at(1) };
}

function startsOf(heights: Int32Array, widths: Int32Array): Float64Array {
  const starts = new Float64Array(heights.length);
  for (let i = 1; i < starts.length; i += 1) {
    starts[i] = (starts[i - 1] as number) + (heights[i - 1] as number) * (widths[i - 1] as number) * 3;
  }
  return starts;
}

/** Calls `work` for each, so many at a time. Throws the first failure once all that were begun have ended. */
export async function each<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const item = items[next] as T;
      next += 1;
      await work(item);
    }
  };
  const lanes = Array.from({ length: Math.min(atOnce, items.length) }, lane);
  for (const outcome of await Promise.allSettled(lanes)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
