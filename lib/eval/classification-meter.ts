import { classesOf, type DatasetMetric, type Targets } from '../data/dataset.js';
import { ByolError } from '../errors.js';
import { AveragePrecision } from './average-precision.js';
import { ClassCounter } from './class-counter.js';
import type { EvaluationData } from './evaluation-data.js';

/** What a classifier got right: fractions in [0, 1]. NaN of scores that are not finite; null where images are not of that kind. */
export interface ClassificationMetrics {
  /** Of one class per image. */
  readonly top1: number | null;
  readonly top5: number | null;
  /** The mean over the classes that have images of the part of them that is right. */
  readonly meanPerClass: number | null;
  /** Of any number of labels per image: the mean over classes of the 11-point average precision (VOC 2007). */
  readonly map11: number | null;
}

/** Measures class scores against what is known of images, block after block: one class each, or any number of labels. */
export class ClassificationMeter {
  readonly #targets: Targets;
  readonly #classes: number;
  readonly #counter: ClassCounter;
  readonly #precision: AveragePrecision;

  constructor(classes: number, targets: Targets) {
    this.#targets = targets;
    this.#classes = classes;
    this.#counter = new ClassCounter(classes);
    this.#precision = new AveragePrecision(classes);
  }

  /** `scores`: row-major, a row of one score per class for each of the images, by their numbers; larger is likelier. */
  add(scores: Float32Array, images: Int32Array): void {
    if (scores.length !== images.length * this.#classes) {
      throw new RangeError(`${images.length} images of ${this.#classes} classes were given ${scores.length} scores.`);
    }
    const targets = this.#targets;
    if (targets.kind === 'class') {
      this.#counter.add(
        scores,
        images.map((image) => targets.labels[image] ?? -1),
      );
    } else {
      this.#precision.add(
        scores,
        Array.from(images, (image) => classesOf(targets, image)),
      );
    }
  }

  /** Throws RangeError where no image had a label. */
  async result(): Promise<ClassificationMetrics> {
    return this.#targets.kind === 'class'
      ? { ...this.#counter.result(), map11: null }
      : { top1: null, top5: null, meanPerClass: null, map11: await this.#precision.mean() };
  }
}

/** Where a metric is found. */
export const metricKeys = {
  top1: 'top1',
  'mean-per-class': 'meanPerClass',
  map11: 'map11',
} as const satisfies Record<DatasetMetric, keyof ClassificationMetrics>;

/** As people call them. */
export const metricTitles: Readonly<Record<DatasetMetric, string>> = {
  top1: 'top-1',
  'mean-per-class': 'mean per class',
  map11: '11-point mAP',
};

/**
 * What to choose by and to report first: what is usual for the data set, else top-1, or mAP where images have several labels.
 * Throws ERR_BYOL_DATA where the splits' targets are of two kinds, or where that metric is not one of such targets.
 */
export function metricOf({ train, val, test, metric }: EvaluationData): DatasetMetric {
  const kinds = new Set([train, val, test].flatMap((images) => images?.targets?.kind ?? []));
  if (kinds.size > 1) {
    throw new ByolError(
      'ERR_BYOL_DATA',
      'Some of the training, validation and test images have one class each and others any number of labels: a classifier ' +
        'learns either the one or the other.',
    );
  }
  const several = kinds.has('labels');
  const chosen = metric ?? (several ? 'map11' : 'top1');
  if ((chosen === 'map11') === several) return chosen;
  throw new ByolError(
    'ERR_BYOL_DATA',
    several
      ? `Results cannot be reported in ${metricTitles[chosen]}: the images have any number of labels each. Ask for 'map11'.`
      : `Results cannot be reported in ${metricTitles[chosen]}: the images have one class each. Ask for 'top1' or 'mean-per-class'.`,
  );
}
