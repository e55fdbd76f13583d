import type {
  LogisticFit,
  NativeFeatureBank,
  NativeLogisticRegression,
  NativeModule,
  RowLabels,
} from '../binding/native.js';
import { classesOf, type Targets } from '../data/dataset.js';
import { ClassificationMeter, type ClassificationMetrics } from './classification-meter.js';
import { blockRows } from './feature-blocks.js';

/** Rows of a bank, and what is known of the images that they are of. */
export interface TargetedRows {
  readonly bank: NativeFeatureBank;
  readonly rows: Int32Array;
  /** The image of each of the rows: a number in `targets`. */
  readonly images: Int32Array;
  readonly targets: Targets;
}

export interface LogisticOptions {
  readonly features: number;
  readonly classes: number;
  /** Any number of labels per image. */
  readonly many: boolean;
  readonly device: string;
  /** Part of the gradient's norm at the start at which a fit ends. */
  readonly tolerance: number;
  readonly maxIterations: number;
  readonly signal?: AbortSignal | undefined;
}

/** Iterations of one command: an abort takes effect after it. */
const SLICE = 20;

/** A logistic regression on rows of banks; fits follow each other from where the last one ended. */
export class LogisticClassifier {
  readonly #regression: NativeLogisticRegression;
  readonly #options: LogisticOptions;

  constructor(native: NativeModule, options: LogisticOptions) {
    const { features, classes, many, device } = options;
    this.#options = options;
    this.#regression = new native.LogisticRegression({ features, classes, loss: many ? 'sigmoid' : 'softmax', device });
  }

  /** More rows to learn from, before the first fit. */
  async add({ bank, rows, images, targets }: TargetedRows): Promise<void> {
    await this.#regression.add(bank, rows, labelsOfRows(targets, images));
  }

  /** Throws the signal's reason. */
  async fit(penalty: number): Promise<LogisticFit> {
    const { tolerance, maxIterations, signal } = this.#options;
    for (let done = 0; ; ) {
      signal?.throwIfAborted();
      const iterations = Math.min(SLICE, maxIterations - done);
      const fit = await this.#regression.fit({ penalty, tolerance, iterations });
      done += fit.iterations;
      if (fit.stopped !== 'iterations' || done >= maxIterations) return { ...fit, iterations: done };
    }
  }

  async measure(asked: TargetedRows): Promise<ClassificationMetrics> {
    const meter = new ClassificationMeter(this.#options.classes, asked.targets);
    await this.measureInto(meter, asked);
    return meter.result();
  }

  /** A bounded number of scores at a time. */
  async measureInto(meter: ClassificationMeter, { bank, rows, images }: Omit<TargetedRows, 'targets'>): Promise<void> {
    const most = blockRows(this.#options.classes);
    for (let start = 0; start < rows.length; start += most) {
      this.#options.signal?.throwIfAborted();
      const scores = await this.#regression.scores(bank, rows.subarray(start, start + most));
      meter.add(scores, images.subarray(start, start + most));
    }
  }

  dispose(): void {
    this.#regression.dispose();
  }
}

function labelsOfRows(targets: Targets, images: Int32Array): RowLabels {
  if (targets.kind === 'class') return { labels: images.map((image) => targets.labels[image] ?? -1) };
  const lists = Array.from(images, (image) => classesOf(targets, image));
  const offsets = new Int32Array(lists.length + 1);
  for (const [row, list] of lists.entries()) offsets[row + 1] = (offsets[row] as number) + list.length;
  const labels = new Int32Array(offsets[lists.length] as number);
  for (const [row, list] of lists.entries()) labels.set(list, offsets[row]);
  return { labels, offsets };
}
