/**
 * The readings of a run, few enough to be drawn: means of equal runs of neighbours, with the lowest and the highest of each, so that
 * no outlier is lost. However many readings there are, they take the same memory, and another one takes the same time.
 */

/** Of a metric, one entry a point; null: nothing finite was measured there. */
export interface ReadingColumn {
  readonly mean: ReadonlyArray<number | null>;
  /** Left out where each point is one reading. */
  readonly low?: ReadonlyArray<number | null>;
  readonly high?: ReadonlyArray<number | null>;
}

export interface Readings {
  /** Readings of a point; the last one may have fewer. */
  readonly each: number;
  /** Optimiser steps done at the end of each point. */
  readonly step: readonly number[];
  /** Seconds of training at the end of each point, by the pace of the steps. */
  readonly seconds: readonly number[];
  readonly values: Readonly<Record<string, ReadingColumn>>;
}

/** Changed in place: a long run has millions of values. */
interface Sum {
  total: number;
  /** Finite readings. */
  count: number;
  low: number;
  high: number;
}

interface Point {
  step: number;
  seconds: number;
  readonly sums: Map<string, Sum>;
  readings: number;
}

/** Six digits are more than any screen shows. */
const DIGITS = 6;

export class ReadingsThinner {
  readonly #most: number;
  #points: Point[] = [];
  #each = 1;

  /** At most so many points are kept, at least half as many once there are. */
  constructor(most: number) {
    this.#most = most;
  }

  /** In the order of the steps. Values that are no numbers are passed over; those that are not finite count as not measured. */
  add(step: number, seconds: number, values: Readonly<Record<string, unknown>>): void {
    let point = this.#points.at(-1);
    if (point === undefined || point.readings >= this.#each) {
      point = { step, seconds, sums: new Map(), readings: 0 };
      this.#points.push(point);
    }
    point.step = step;
    point.seconds = seconds;
    point.readings += 1;
    for (const name in values) {
      const value = values[name];
      if (typeof value === 'number') addValue(sumIn(point, name), value);
      // As a number that is not finite is written in JSON.
      else if (value === null) sumIn(point, name);
    }
    if (this.#points.length > this.#most) this.#halve();
  }

  /** Pairs of neighbours become one. */
  #halve(): void {
    const points: Point[] = [];
    for (let at = 0; at < this.#points.length; at += 2) {
      const [first, second] = [this.#points[at] as Point, this.#points[at + 1]];
      if (second !== undefined) join(first, second);
      points.push(first);
    }
    this.#points = points;
    this.#each *= 2;
  }

  /** `wanted`: whether a metric is taken. */
  read(wanted: (name: string) => boolean = () => true): Readings {
    const points = this.#points;
    const names = new Set(points.flatMap(({ sums }) => [...sums.keys()]));
    const values: Record<string, ReadingColumn> = {};
    for (const name of names) {
      if (!wanted(name)) continue;
      const sums = points.map((point) => point.sums.get(name) ?? nothing());
      const column = (pick: (sum: Sum) => number): Array<number | null> =>
        sums.map((sum) => (sum.count === 0 ? null : rounded(pick(sum))));
      const mean = column(({ total, count }) => total / count);
      if (mean.every((value) => value === null)) continue;
      values[name] =
        this.#each === 1 ? { mean } : { mean, low: column(({ low }) => low), high: column(({ high }) => high) };
    }
    return {
      each: this.#each,
      step: points.map(({ step }) => step),
      seconds: points.map(({ seconds }) => rounded(seconds)),
      values,
    };
  }
}

function nothing(): Sum {
  return { total: 0, count: 0, low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY };
}

function sumIn({ sums }: Point, name: string): Sum {
  let sum = sums.get(name);
  if (sum === undefined) {
    sum = nothing();
    sums.set(name, sum);
  }
  return sum;
}

function addValue(sum: Sum, value: number): void {
  if (!Number.isFinite(value)) return;
  sum.total += value;
  sum.count += 1;
  if (value < sum.low) sum.low = value;
  if (value > sum.high) sum.high = value;
}

/** `later` goes into `point`. */
function join(point: Point, later: Point): void {
  for (const [name, { total, count, low, high }] of later.sums) {
    const sum = sumIn(point, name);
    sum.total += total;
    sum.count += count;
    sum.low = Math.min(sum.low, low);
    sum.high = Math.max(sum.high, high);
  }
  point.step = later.step;
  point.seconds = later.seconds;
  point.readings += later.readings;
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
