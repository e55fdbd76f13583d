/** Of the seconds of some steps. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  /** One in ten took longer. */
  readonly p90: number;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), p90: quantile(values, 0.9) };
}

/** Between the two nearest values. */
function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = part * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)] as number, sorted[Math.ceil(place)] as number];
  return low + (high - low) * (place - Math.floor(place));
}
