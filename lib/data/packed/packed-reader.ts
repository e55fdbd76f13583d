import { totalmem } from 'node:os';
import type { NativeDecodePool, NativeModule } from '../../binding/native.js';
import { ByolError } from '../../errors.js';
import { type PackedSource, sizesOf } from '../dataset.js';
import { deinterleaved, type ImageRequest, interleaved } from '../images.js';

/** Parts of images as an ImageStore is made of them. */
export interface ReadImages {
  /** Of image i heights[i] x widths[i] x 3 bytes, one after the other. */
  readonly pixels: Uint8Array;
  readonly heights: Int32Array;
  readonly widths: Int32Array;
  /** The crops' places in these parts. */
  readonly boxes: readonly Float32Array[];
}

/** Reads of images in packed stores the rows and columns that crops need, on threads of its own. */
export class PackedReader {
  readonly #pool: NativeDecodePool;

  constructor(native: Pick<NativeModule, 'DecodePool'>, threads: number) {
    this.#pool = new native.DecodePool(threads);
  }

  /** Throws ERR_BYOL_DATA where the store is not any more what it was when it was opened: that is no fault of one image. */
  async read(source: PackedSource, { indices, boxes }: Omit<ImageRequest, 'shrinkTo'>): Promise<ReadImages> {
    const sizes = sizesOf(source, indices);
    const each = (sides: number | Int32Array): Int32Array =>
      typeof sides === 'number' ? new Int32Array(indices.length).fill(sides) : sides;
    const read = await this.#pool.readPixels({
      path: Buffer.from(source.path),
      offsets: Array.from(indices, (image) => source.offset(image)),
      heights: each(sizes.heights),
      widths: each(sizes.widths),
      crops: boxes.length,
      boxes: interleaved(boxes, indices.length),
      // More would not be memory but swapping, and then the end of the process.
      batchBytes: Math.floor(totalmem() / 2),
    });
    const { pixels, heights, widths, failures } = read;
    const [failure] = failures;
    if (failure === undefined) return { pixels, heights, widths, boxes: deinterleaved(read.boxes, boxes.length) };
    throw new ByolError(
      'ERR_BYOL_DATA',
      `${source.path} was changed while it was in use: ${failure.reason} (${source.location(indices[failure.image] as number)}).`,
      { hint: 'Check it with: npx byol data verify FILE' },
    );
  }

  dispose(): void {
    this.#pool.dispose();
  }
}
