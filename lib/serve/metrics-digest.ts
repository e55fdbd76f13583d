import { LineFollower } from '../files/line-follower.js';
import type { EpochRecord, StepRecord } from '../run/metrics-file.js';
import { parseRecord } from '../run/metrics-file.js';
import { openPlainFile } from './plain-file.js';
import { lossOf, Sparkline, type SparkPoint, sampleLosses } from './sparkline.js';

/** A file up to this size is read whole; of a longer one this much of its end. Bytes. */
const READ_WHOLE = 1 << 18;
/** How far back from there the last epochs are looked for, and how much at once. Bytes. */
const LOOK_BACK = 1 << 25;
const LOOK_CHUNK = 1 << 18;

/** What a list of runs shows of metrics.jsonl, whatever its length: read once in some places, and then on from its end. */
export class MetricsDigest {
  readonly #path: string;
  readonly #follower: LineFollower;
  readonly #spark = new Sparkline();
  #skipped = 0;
  #step = '';
  #epoch = '';
  /** Of the last epoch that kNN was measured in. */
  #knn = '';

  constructor(path: string) {
    this.#path = path;
    this.#follower = new LineFollower(path);
  }

  /** Returns whether anything has changed. Throws ERR_BYOL_IO. */
  async read(): Promise<boolean> {
    this.#skipped = 0;
    const lines: string[] = [];
    let begun = false;
    const begin = (): void => {
      begun = true;
      this.#spark.clear();
      this.#step = '';
      this.#epoch = '';
      this.#knn = '';
    };
    const line = (text: string): void => {
      // Those of a file that is begun within wait for what comes before them.
      if (this.#skipped > 0) lines.push(text);
      else this.#take(text);
    };
    const changed = await this.#follower.read({ begin, line }, (size) => {
      this.#skipped = size > READ_WHOLE ? size - READ_WHOLE : 0;
      return this.#skipped;
    });
    if (begun && this.#skipped > 0) {
      for (const [step, loss] of await sampleLosses(this.#path, this.#skipped)) this.#spark.add(step, loss);
      for (const text of await this.#epochsBefore(this.#skipped)) this.#take(text);
      for (const text of lines) this.#take(text);
    }
    return changed;
  }

  get spark(): SparkPoint[] {
    return this.#spark.points();
  }
  /** null: there is none yet. */
  get step(): StepRecord | null {
    const record = parseRecord(this.#step);
    return record?.type === 'step' ? record : null;
  }
  /** null: no epoch is over yet. */
  get epoch(): EpochRecord | null {
    return epochOf(this.#epoch);
  }
  /** The last epoch that kNN was measured in. */
  get knn(): EpochRecord | null {
    return epochOf(this.#knn);
  }

  #take(text: string): void {
    const point = lossOf(text);
    if (point !== null) this.#spark.add(...point);
    if (text.startsWith('{"type":"step"')) this.#step = text;
    if (!text.startsWith('{"type":"epoch"')) return;
    this.#epoch = text;
    if (text.includes('"knn/top1":')) this.#knn = text;
  }

  /** The last epochs in the bytes before `end`, as far back as one with kNN, oldest first. */
  async #epochsBefore(end: number): Promise<string[]> {
    const file = await openPlainFile(this.#path);
    if (file === null) return [];
    const found: string[] = [];
    try {
      const earliest = Math.max(0, end - LOOK_BACK);
      for (let to = end; to > earliest; to -= LOOK_CHUNK) {
        const from = Math.max(earliest, to - LOOK_CHUNK);
        // With the rest of a line that begins here and ends behind.
        const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(to - from + 4096), 0, to - from + 4096, from);
        const bytes = buffer.subarray(0, bytesRead);
        for (let at = to - from - 1; at >= 0; at -= 1) {
          at = bytes.lastIndexOf('{"type":"epoch"', at);
          if (at < 0) break;
          const text = bytes.toString('utf8', at, bytes.indexOf('\n', at));
          found.unshift(text);
          if (text.includes('"knn/top1":')) return found;
        }
      }
      return found;
    } finally {
      await file.close();
    }
  }
}

function epochOf(text: string): EpochRecord | null {
  const record = parseRecord(text);
  return record?.type === 'epoch' ? record : null;
}
