import type { DrawRows } from '../augment/take-images.js';
import type { NativeFeatureBank, ViewSpec } from '../binding/native.js';
import { Breather } from '../breather.js';
import type { Images } from '../data/images.js';
import type { EvaluationContext } from './context.js';
import { embedInto, evenBatches } from './embed.js';
import type { FrozenEncoder } from './frozen-encoder.js';
import { mapQueued } from './in-flight.js';
import { type EpochStep, epochSteps, extentOf, type Trainee } from './shared-order.js';

/** The features that classifiers are trained on, epoch after epoch. */

/** A step with the bank that has its features, and the rows there. */
export interface FedStep<T extends Trainee> {
  readonly trainee: T;
  readonly bank: NativeFeatureBank;
  readonly rows: Int32Array;
  /** Number of the step in the epoch, for this trainee. */
  readonly step: number;
}

export interface TrainingFeatures {
  /**
   * The steps of an epoch in whose order images come. The bank has the rows of a step until the next one is asked for: by then
   * the command that looks at them must have been given to the addon.
   */
  feed<T extends Trainee>(epoch: number, trainees: readonly T[], order: Int32Array): AsyncGenerator<FedStep<T>>;
  dispose(): void;
}

/** Images of one split. Places count on through all parts. */
export interface TrainingPart {
  readonly images: Images;
  readonly indices: Int32Array;
}

/** The images that features are of, and the crops of them that an epoch sees. */
export interface TrainingImages {
  readonly parts: readonly TrainingPart[];
  readonly view: ViewSpec;
  readonly plan: (images: Images, epoch: number) => DrawRows;
  /** Images done in the epoch, out of all. */
  readonly onProgress: (epoch: number, done: number) => void;
}

/** One bank for all epochs: row i is the image at place i. */
export class FixedFeatures implements TrainingFeatures {
  readonly #bank: NativeFeatureBank;
  readonly #own: { dispose(): void } | undefined;

  /** `own`: goes with them. A bank may belong to somebody else. */
  constructor(bank: NativeFeatureBank, own?: { dispose(): void }) {
    this.#bank = bank;
    this.#own = own;
  }

  async *feed<T extends Trainee>(
    _epoch: number,
    trainees: readonly T[],
    order: Int32Array,
  ): AsyncGenerator<FedStep<T>> {
    for (const { positions, ...step } of epochSteps(trainees, order)) {
      yield { ...step, bank: this.#bank, rows: positions.map((position) => order[position] as number) };
    }
  }

  dispose(): void {
    this.#own?.dispose();
  }
}

/**
 * Each image of an epoch is embedded once, in the epoch's order and just before it is trained on: 1,281,167 images of 2,048 features
 * would be 10.5 GB. The bank is a ring, of the few thousand rows that steps on their way look at.
 */
export class StreamedFeatures implements TrainingFeatures {
  readonly #context: EvaluationContext;
  readonly #encoder: FrozenEncoder;
  readonly #images: TrainingImages;
  #ring: NativeFeatureBank | undefined;

  constructor(context: EvaluationContext, encoder: FrozenEncoder, images: TrainingImages) {
    this.#context = context;
    this.#encoder = encoder;
    this.#images = images;
  }

  async *feed<T extends Trainee>(epoch: number, trainees: readonly T[], order: Int32Array): AsyncGenerator<FedStep<T>> {
    const { end, span } = await extentOf(epochSteps(trainees, order), new Breather());
    if (end === 0) return;
    const { batchSize } = this.#encoder;
    const queued = this.#queued();
    // While the step of a batch is given out, so many batches behind it may be written.
    const least = span + queued * batchSize;
    const turns = Math.max(1, Math.floor(end / least));
    const size = Math.ceil(end / turns);
    const bank = this.#ringOf(size);
    const rows = new Int32Array(size);
    const work = async (batch: Positions): Promise<number> => {
      await this.#embed(bank, epoch, order, batch, rows);
      return batch.end;
    };
    const steps = epochSteps(trainees, order);
    let next = steps.next();
    const { signal } = this.#context;
    for await (const done of mapQueued(ringBatches(end, size, batchSize), work, { queued, signal })) {
      this.#images.onProgress(epoch, done === end ? order.length : done);
      while (next.done !== true && lastOf(next.value) < done) {
        const { positions, ...step } = next.value;
        yield { ...step, bank, rows: positions.map((position) => rows[position % size] as number) };
        next = steps.next();
      }
    }
  }

  /** Decoding takes the cores that the network computes with, unless that is on a card. */
  #queued(): number {
    const decoded = this.#images.parts.some(({ images }) => images.decoded);
    return decoded && this.#context.device === 'cpu' ? 1 : QUEUED;
  }

  /** Orders of epochs differ a little in the rows that they need. */
  #ringOf(size: number): NativeFeatureBank {
    if (this.#ring !== undefined && this.#ring.size >= size) return this.#ring;
    this.#ring?.dispose();
    const { native, device } = this.#context;
    this.#ring = new native.FeatureBank(size, this.#encoder.network.features, device);
    return this.#ring;
  }

  /** Images of the same part lie side by side; `rows`: of each position, by its remainder, where its features are. */
  async #embed(
    bank: NativeFeatureBank,
    epoch: number,
    order: Int32Array,
    { start, end }: Positions,
    rows: Int32Array,
  ): Promise<void> {
    const { parts, view, plan } = this.#images;
    let row = start % rows.length;
    let first = 0;
    for (const { images, indices } of parts) {
      const asked: number[] = [];
      const offset = row;
      for (let position = start; position < end; position += 1) {
        const index = (order[position] as number) - first;
        if (index < 0 || index >= indices.length) continue;
        asked.push(indices[index] as number);
        rows[position % rows.length] = row;
        row += 1;
      }
      first += indices.length;
      if (asked.length === 0) continue;
      const what = { images, indices: Int32Array.from(asked), plan: plan(images, epoch), view };
      await embedInto(bank, this.#context, this.#encoder, what, offset);
    }
  }

  dispose(): void {
    this.#ring?.dispose();
  }
}

/** Batches of images on their way. */
const QUEUED = 3;

interface Positions {
  readonly start: number;
  readonly end: number;
}

/** As even as possible, none across the end of the ring. */
function* ringBatches(end: number, size: number, most: number): Generator<Positions> {
  for (let turn = 0; turn < end; turn += size) {
    for (const batch of evenBatches(Math.min(size, end - turn), most)) {
      yield { start: turn + batch.start, end: turn + batch.end };
    }
  }
}

function lastOf({ positions }: EpochStep<Trainee>): number {
  return positions.at(-1) as number;
}
