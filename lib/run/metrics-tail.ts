import { type FileHandle, open } from 'node:fs/promises';
import { Breather } from '../breather.js';
import { ioError } from '../files/atomic-file.js';
import { type Readings, ReadingsThinner } from '../report/readings.js';

/** Lines between two looks at the clock. */
const LINES = 64;
const CHUNK = 1 << 20;
const NEWLINE = 0x0a;

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
  readonly #path: string;
  readonly #batch: number;
  readonly #most: number;
  #offset = 0;
  #readings: ReadingsThinner;
  #epochs: ReadingsThinner;
  #step = 0;
  #timed = 0;
  #seconds = 0;
  #lastEpoch: LastEpoch | null = null;
  #lastKnn: Readonly<Record<'top1' | 'top5', number>> | null = null;

  /** `batch`: images of an optimiser step. `most`: points of a line. */
  constructor(path: string, { batch, most }: { readonly batch: number; readonly most: number }) {
    this.#path = path;
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

  /** What was written since the last time; all anew, where the file was cut. A last line that is not whole waits. Throws ERR_BYOL_IO. */
  async read(): Promise<void> {
    let file: FileHandle | undefined;
    try {
      file = await open(this.#path, 'r');
      if ((await file.stat()).size < this.#offset) this.#restart();
      await this.#readFrom(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw ioError(this.#path, 'read', error);
    } finally {
      await file?.close();
    }
  }

  #restart(): void {
    this.#offset = 0;
    this.#readings = new ReadingsThinner(this.#most);
    this.#epochs = new ReadingsThinner(this.#most);
    this.#step = 0;
    this.#timed = 0;
    this.#seconds = 0;
    this.#lastEpoch = null;
    this.#lastKnn = null;
  }

  async #readFrom(file: FileHandle): Promise<void> {
    const breather = new Breather();
    const buffer = Buffer.alloc(CHUNK);
    let rest = Buffer.alloc(0);
    for (let at = this.#offset, number = 0; ; ) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        if (number++ % LINES === 0) await breather.breathe();
        this.#take(bytes.toString('utf8', start, end));
        start = end + 1;
      }
      this.#offset += start;
      rest = Buffer.from(bytes.subarray(start));
    }
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
