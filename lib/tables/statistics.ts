/** Of the same experiment with several seeds. */
export interface Summary {
  readonly runs: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Unbiased (n - 1); 0 for a single run, of which nothing is known. */
  readonly variance: number;
}

/** null: nothing was measured. */
export function summarize(values: readonly number[]): Summary | null {
  if (values.length === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    runs: values.length,
    mean,
    min: Math.min(...values),
    max: Math.max(...values),
    variance: values.length < 2 ? 0 : squares / (values.length - 1),
  };
}
