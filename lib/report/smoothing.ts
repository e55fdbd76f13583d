/**
 * Exponential smoothing, without the pull of the first values (as TensorBoard does it): a mean of all values so far in which each
 * counts `weight` of the one after it. null: nothing was measured; it counts for nothing and stays. `weight` in [0, 1).
 *
 * Pages carry the text of this function: it may use nothing but its arguments.
 */
export function smooth(values: ReadonlyArray<number | null>, weight: number): Array<number | null> {
  let sum = 0;
  let weights = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    weights = weight * weights + (1 - weight);
    return sum / weights;
  });
}
