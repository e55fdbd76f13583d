import { type FileHandle, open, readFile } from 'node:fs/promises';
import { ioError, writeAtomically } from '../data/atomic-file.js';
import type { Metrics } from './events.js';

/** metrics.jsonl: one JSON object a line, in the order of the steps. */

export interface StepRecord {
  readonly type: 'step';
  /** Optimiser steps done. The values are means over the steps since the previous record. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly 'collapse/std': number;
  readonly 'collapse/rank': number;
  readonly 'target/distance': number;
  readonly 'probe/online/top1'?: number;
  readonly learning_rate: number;
  readonly tau: number;
  readonly images_per_second: number;
  readonly data_wait: number;
}

export interface EpochRecord extends Metrics {
  readonly type: 'epoch';
  readonly step: number;
  /** Epochs done. */
  readonly epoch: number;
}

export type MetricsRecord = StepRecord | EpochRecord;

/** A line that is not whole, as a killed process leaves it at the end, is left out. */
export async function readMetrics(path: string): Promise<MetricsRecord[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw ioError(path, 'read', error);
  }
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as MetricsRecord];
    } catch {
      return [];
    }
  });
}

/** Drops every record after the given step, which a resumed run is about to make again. Returns what is kept. */
export async function truncateMetrics(path: string, step: number): Promise<MetricsRecord[]> {
  const kept = (await readMetrics(path)).filter((record) => record.step <= step);
  await writeAtomically(path, kept.map((record) => `${JSON.stringify(record)}\n`).join(''));
  return kept;
}

/** Appends; whole lines reach the system one by one, the disk at `sync`. Every failure is ERR_BYOL_IO. */
export class MetricsWriter {
  readonly #path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async open(path: string): Promise<MetricsWriter> {
    try {
      return new MetricsWriter(path, await open(path, 'a'));
    } catch (error) {
      throw ioError(path, 'open', error);
    }
  }

  async write(record: MetricsRecord): Promise<void> {
    try {
      await this.#file.writeFile(`${JSON.stringify(record)}\n`);
    } catch (error) {
      throw ioError(this.#path, 'write', error);
    }
  }

  async sync(): Promise<void> {
    try {
      await this.#file.sync();
    } catch (error) {
      throw ioError(this.#path, 'write', error);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
