import type { FileHandle } from 'node:fs/promises';
import { openPlainFile } from './plain-file.js';

export type SparkPoint = readonly [step: number, loss: number];

/** More than a picture of a hundred pixels shows. */
const MOST_POINTS = 64;

/** Means of the steps of one stretch. */
interface Stretch {
  readonly number: number;
  last: number;
  sum: number;
  values: number;
}

/** The course of the loss in a few points, however long it gets: the mean of each of at most 64 equal stretches of steps. */
export class Sparkline {
  #stretches: Stretch[] = [];
  /** Steps of a stretch. */
  #width = 1;

  clear(): void {
    this.#stretches = [];
    this.#width = 1;
  }

  /** In the order of steps. What is not finite is left out. */
  add(step: number, loss: number): void {
    if (!Number.isFinite(loss)) return;
    this.#put({ number: Math.floor(step / this.#width), last: step, sum: loss, values: 1 });
    while ((this.#stretches.at(-1)?.number ?? 0) >= MOST_POINTS) {
      this.#width *= 2;
      const narrower = this.#stretches;
      this.#stretches = [];
      for (const stretch of narrower) this.#put({ ...stretch, number: Math.floor(stretch.number / 2) });
    }
  }

  points(): SparkPoint[] {
    return this.#stretches.map(({ last, sum, values }) => [last, Number((sum / values).toPrecision(4))]);
  }

  #put(stretch: Stretch): void {
    const newest = this.#stretches.at(-1);
    if (newest?.number !== stretch.number) {
      this.#stretches.push(stretch);
      return;
    }
    newest.last = stretch.last;
    newest.sum += stretch.sum;
    newest.values += stretch.values;
  }
}

/** Places in a long file that are looked at. */
const SAMPLES = 32;
/** A line of metrics is shorter than half of it. */
const SAMPLE_BYTES = 2048;

/** Step and loss of a line of metrics.jsonl that is a step's; null: it is another one. Far cheaper than to parse it. */
export function lossOf(line: string): SparkPoint | null {
  if (!line.startsWith('{"type":"step"')) return null;
  const [step, loss] = [/"step":(\d+)/.exec(line)?.[1], /"loss":([-+.\deE]+)/.exec(line)?.[1]];
  return step === undefined || loss === undefined ? null : [Number(step), Number(loss)];
}

/** Points from the first `bytes` of a long metrics.jsonl, a line each at places evenly spread: the file is not read. */
export async function sampleLosses(path: string, bytes: number): Promise<SparkPoint[]> {
  const file = await openPlainFile(path);
  if (file === null) return [];
  try {
    const found: SparkPoint[] = [];
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      const point = await pointAt(file, Math.floor((sample / SAMPLES) * bytes), bytes);
      if (point !== null && point[0] > (found.at(-1)?.[0] ?? -1)) found.push(point);
    }
    return found;
  } finally {
    await file.close();
  }
}

async function pointAt(file: FileHandle, offset: number, end: number): Promise<SparkPoint | null> {
  const length = Math.min(SAMPLE_BYTES, end - offset);
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
  const lines = buffer.toString('latin1', 0, bytesRead).split('\n');
  for (const line of offset === 0 ? lines.slice(0, -1) : lines.slice(1, -1)) {
    const point = lossOf(line);
    if (point !== null) return point;
  }
  return null;
}
