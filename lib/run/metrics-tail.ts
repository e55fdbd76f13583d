import { LineFollower } from '../files/line-follower.js';
import { type Readings, ReadingsThinner } from '../report/readings.js';

/** The newest record of an epoch: its metrics, epochs done and steps done. */
export interface LastEpoch {
  readonly epoch: number;
  readonly step: number;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * metrics.jsonl as it grows, few enough points to be drawn: what was read is not read again, so a page of a long run is made again in
 * the time that the last seconds' lines take.
 */
export class MetricsTail {
  readonly #follower: LineFollower;
  readonly #batch: number;
  readonly #most: number;
  #readings: ReadingsThinner;
  #epochs: ReadingsThinner;
  #step = 0;
  #timed = 0;
  #seconds = 0;
  #lastEpoch: LastEpoch | null = null;
  #lastKnn: Readonly<Record<'top1' | 'top5', number>> | null = null;

  /** `batch`: images of an optimiser step. `most`: points of a line. */
  constructor(path: string, { batch, most }: { readonly batch: number; readonly most: number }) {
    this.#follower = new LineFollower(path);
    this.#batch = batch;
    this.#most = most;
    this.#readings = new ReadingsThinner(most);
    this.#epochs = new ReadingsThinner(most);
  }

  /** Optimiser steps that were told. */
  get step(): number {
    return this.#step;
  }
  /** null: none is over. */
  get lastEpoch(): LastEpoch | null {
    return this.#lastEpoch;
  }
  /** Of the last epoch that was measured. */
  get lastKnn(): Readonly<Record<'top1' | 'top5', number>> | null {
    return this.#lastKnn;
  }
  readings(wanted: (name: string) => boolean): Readings {
    return this.#readings.read(wanted);
  }
  epochs(wanted: (name: string) => boolean): Readings {
    return this.#epochs.read(wanted);
  }

  /**
   * What was written since the last time; all anew, where the file is another one or was cut. A last line that is not whole waits. Throws
   * ERR_BYOL_IO. One call at a time.
   */
  async read(): Promise<void> {
    await this.#follower.read({ begin: () => this.#restart(), line: (text) => this.#take(text) });
  }

  #restart(): void {
    this.#readings = new ReadingsThinner(this.#most);
    this.#epochs = new ReadingsThinner(this.#most);
    this.#step = 0;
    this.#timed = 0;
    this.#seconds = 0;
    this.#lastEpoch = null;
    this.#lastKnn = null;
  }

  #take(line: string): void {
    const record = parse(line);
    if (record === null) return;
    const { type, step, epoch, ...values } = record;
    if (!Number.isInteger(step)) return;
    const done = step as number;
    this.#step = Math.max(this.#step, done);
    if (type === 'step') {
      const speed = values['images_per_second'];
      if (typeof speed === 'number' && speed > 0) this.#seconds += ((done - this.#timed) * this.#batch) / speed;
      this.#timed = done;
      this.#readings.add(done, this.#seconds, values);
      return;
    }
    if (type !== 'epoch') return;
    this.#epochs.add(done, this.#seconds, values);
    this.#lastEpoch = { epoch: Number(epoch), step: done, values };
    const [top1, top5] = [values['knn/top1'], values['knn/top5']];
    if (typeof top1 === 'number' && typeof top5 === 'number') this.#lastKnn = { top1, top5 };
  }
}

/** null: what a killed process left of a line. */
function parse(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === 'object' ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}
