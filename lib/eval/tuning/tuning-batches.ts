import { permutation } from '../../random/philox.js';
import { orderNumbers } from '../../random/purposes.js';
import type { TuningImages } from './tuning-images.js';

/** The images of one optimiser step. */
export interface TuningBatch {
  /** From 0. */
  readonly step: number;
  readonly epoch: number;
  readonly from: TuningImages;
  /** Which of its images. */
  readonly images: Int32Array;
}

/**
 * Batches of images that lie in one or more splits, each of images of one split. Every epoch has an order of its own; images that
 * do not fill a batch are left out, other ones each epoch. Where a split has fewer images than a batch, they are one.
 */
export class TuningBatches {
  readonly stepsPerEpoch: number;
  readonly #parts: ReadonlyArray<{ readonly from: TuningImages; readonly rows: number; readonly steps: number }>;
  readonly #seed: number;

  /** `rows`: of a batch; `multiple`: of which it has to be one, where there are as many images. */
  constructor(
    parts: readonly TuningImages[],
    { rows: most, multiple, seed }: { readonly rows: number; readonly multiple: number; readonly seed: number },
  ) {
    this.#parts = parts.map((from) => {
      const rows = Math.min(most, from.indices.length);
      const even = rows - (rows % multiple) || rows;
      return { from, rows: even, steps: Math.floor(from.indices.length / even) };
    });
    this.stepsPerEpoch = this.#parts.reduce((sum, { steps }) => sum + steps, 0);
    this.#seed = seed;
  }

  /** Rows of the smallest and of the largest batches. */
  get rows(): readonly [number, number] {
    const rows = this.#parts.map((part) => part.rows);
    return [Math.min(...rows), Math.max(...rows)];
  }

  /** Splits that images come from. */
  get parts(): number {
    return this.#parts.length;
  }

  /** Images that an epoch leaves out. */
  get leftOut(): number {
    return this.#parts.reduce((sum, { from, rows, steps }) => sum + from.indices.length - rows * steps, 0);
  }

  /** So many, epoch after epoch. */
  async *take(steps: number): AsyncGenerator<TuningBatch, void, undefined> {
    for (let step = 0, epoch = 0; step < steps; epoch += 1) {
      for (const { from, images } of await this.#epoch(epoch)) {
        if (step === steps) return;
        yield { step, epoch, from, images };
        step += 1;
      }
    }
  }

  async #epoch(epoch: number): Promise<Array<Pick<TuningBatch, 'from' | 'images'>>> {
    const batches: Array<Pick<TuningBatch, 'from' | 'images'>> = [];
    for (const [number, { from, rows, steps }] of this.#parts.entries()) {
      const { indices } = from;
      // Splits have orders that differ: the first and the last of each are drawn from its own place.
      const order = await permutation(
        indices.length,
        this.#seed,
        epoch * this.#parts.length + number,
        orderNumbers.tuningImages,
      );
      for (let i = 0; i < steps; i += 1) {
        const places = order.subarray(i * rows, (i + 1) * rows);
        batches.push({ from, images: places.map((place) => indices[place] as number) });
      }
    }
    if (this.#parts.length === 1) return batches;
    const order = await permutation(batches.length, this.#seed, epoch, orderNumbers.tuningBatches);
    return [...order].map((place) => batches[place] as Pick<TuningBatch, 'from' | 'images'>);
  }
}
