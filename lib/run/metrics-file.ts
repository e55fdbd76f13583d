import { type FileHandle, open, readFile } from 'node:fs/promises';
import { Breather } from '../breather.js';
import { ioError, writeAtomically } from '../files/atomic-file.js';
import type { Metrics, StepValues } from '../metrics/values.js';

/** metrics.jsonl: one JSON object a line, in the order of the steps. */

export interface StepRecord extends StepValues {
  readonly type: 'step';
  /** Optimiser steps done. The values are means over the steps since the previous record. */
  readonly step: number;
  /** The epoch that the step belongs to, from 1. */
  readonly epoch: number;
}

export interface EpochRecord extends Metrics {
  readonly type: 'epoch';
  readonly step: number;
  /** Epochs done. */
  readonly epoch: number;
}

export type MetricsRecord = StepRecord | EpochRecord;

/** Between two looks at the clock. */
const LINES = 64;

/** A line that is not whole, as a killed process leaves it at the end, is left out. */
export async function readMetrics(path: string): Promise<MetricsRecord[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw ioError(path, 'read', error);
  }
  const records: MetricsRecord[] = [];
  // Long runs have tens of thousands of lines.
  const breather = new Breather();
  for (const [number, line] of text.split('\n').entries()) {
    if (number % LINES === 0) await breather.breathe();
    const record = parseRecord(line);
    if (record !== null) records.push(record);
  }
  return fromOne(records);
}

/** null: it is no record, or a part of one. */
export function parseRecord(line: string): MetricsRecord | null {
  try {
    const value = JSON.parse(line) as MetricsRecord | null;
    return Number.isInteger(value?.step) ? value : null;
  } catch {
    return null;
  }
}

/** Version 0.1.0 counted the epochs of steps from 0, and those of epochs from 1. */
function fromOne(records: MetricsRecord[]): MetricsRecord[] {
  if (!records.some(({ type, epoch }) => type === 'step' && epoch === 0)) return records;
  return records.map((record) => (record.type === 'step' ? { ...record, epoch: record.epoch + 1 } : record));
}

/** Drops every record after the given step, which a resumed run is about to make again. Returns what is kept. */
export async function truncateMetrics(path: string, step: number): Promise<MetricsRecord[]> {
  const kept = (await readMetrics(path)).filter((record) => record.step <= step);
  const breather = new Breather();
  let text = '';
  for (const [number, record] of kept.entries()) {
    if (number % LINES === 0) await breather.breathe();
    text += `${JSON.stringify(record)}\n`;
  }
  await writeAtomically(path, text);
  return kept;
}

/** Where the records of a run that goes on are written, in the order of the steps. */
export interface MetricsSink {
  write(record: MetricsRecord): Promise<void>;
  /** What was written outlives the machine. */
  sync(): Promise<void>;
}

/** Appends; whole lines reach the system one by one, the disk at `sync`. Every failure is ERR_BYOL_IO. */
export class MetricsWriter implements MetricsSink {
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
    try {
      await this.#file.close();
    } catch (error) {
      throw ioError(this.#path, 'write', error);
    }
  }
}
