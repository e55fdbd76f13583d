import type { Breather } from '../breather.js';

/** Whoever is trained on batches of an epoch's images, of all or of some. */
export interface Trainee {
  readonly batchSize: number;
  takes(place: number): boolean;
}

/** A batch of one of them. */
export interface EpochStep<T extends Trainee> {
  readonly trainee: T;
  /** Of its images in the epoch's order, ascending. */
  readonly positions: Int32Array;
  /** Number of the step in the epoch, for this trainee. */
  readonly step: number;
}

/**
 * One order of the images serves all: each takes its own out of it, in batches, and its step comes once the order has come to the
 * last image of it. Images that do not fill a batch are left out. `order`: of each position the place of its image.
 */
export function* epochSteps<T extends Trainee>(trainees: readonly T[], order: Int32Array): Generator<EpochStep<T>> {
  const batches = trainees.map((trainee) => ({
    trainee,
    positions: new Int32Array(trainee.batchSize),
    filled: 0,
    step: 0,
  }));
  for (let position = 0; position < order.length; position += 1) {
    const place = order[position] as number;
    for (const batch of batches) {
      if (!batch.trainee.takes(place)) continue;
      batch.positions[batch.filled] = position;
      batch.filled += 1;
      if (batch.filled < batch.positions.length) continue;
      yield { trainee: batch.trainee, positions: batch.positions, step: batch.step };
      batch.positions = new Int32Array(batch.positions.length);
      batch.filled = 0;
      batch.step += 1;
    }
  }
}

/** What an epoch's steps need of its order. */
export interface EpochExtent {
  /** Positions up to the last one of a step. */
  readonly end: number;
  /** Positions from the first to the last one of a step, at most. */
  readonly span: number;
}

export async function extentOf(
  steps: Iterable<EpochStep<Trainee>>,
  breather: Pick<Breather, 'breathe'>,
): Promise<EpochExtent> {
  let end = 0;
  let span = 0;
  for (const { positions } of steps) {
    await breather.breathe();
    const last = positions.at(-1) ?? 0;
    end = last + 1;
    span = Math.max(span, last - (positions[0] ?? 0) + 1);
  }
  return { end, span };
}
