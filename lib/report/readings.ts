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

interface Sum {
  readonly total: number;
  /** Finite readings. */
  readonly count: number;
  readonly low: number;
  readonly high: number;
}

interface Point {
  readonly step: number;
  readonly seconds: number;
  readonly sums: Map<string, Sum>;
  readonly readings: number;
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
    const sums = new Map<string, Sum>();
    for (const [name, value] of Object.entries(values)) {
      if (typeof value === 'number') sums.set(name, sumOf(value));
      // As a number that is not finite is written in JSON.
      else if (value === null) sums.set(name, NOTHING);
    }
    const point = { step, seconds, sums, readings: 1 };
    const last = this.#points.at(-1);
    if (last !== undefined && last.readings < this.#each) this.#points[this.#points.length - 1] = joined(last, point);
    else this.#points.push(point);
    if (this.#points.length > this.#most) this.#halve();
  }

  /** Pairs of neighbours become one. */
  #halve(): void {
    const points: Point[] = [];
    for (let at = 0; at < this.#points.length; at += 2) {
      const [first, second] = [this.#points[at] as Point, this.#points[at + 1]];
      points.push(second === undefined ? first : joined(first, second));
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
      const sums = points.map((point) => point.sums.get(name) ?? NOTHING);
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

const NOTHING: Sum = { total: 0, count: 0, low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY };

function sumOf(value: number): Sum {
  return Number.isFinite(value) ? { total: value, count: 1, low: value, high: value } : NOTHING;
}

function joined(a: Point, b: Point): Point {
  const sums = new Map(a.sums);
  for (const [name, sum] of b.sums) {
    const before = sums.get(name) ?? NOTHING;
    sums.set(name, {
      total: before.total + sum.total,
      count: before.count + sum.count,
      low: Math.min(before.low, sum.low),
      high: Math.max(before.high, sum.high),
    });
  }
  return { step: b.step, seconds: b.seconds, sums, readings: a.readings + b.readings };
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
