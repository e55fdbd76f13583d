/** Plan rows written out by hand, column by column in the order of native/core/augment/plan.h. */
export function identityPlan(
  rows: number,
  height: number,
  width: number,
  options: { readonly flip?: boolean } = {},
): Float32Array {
  const row = [0, 0, height, width, options.flip ? 1 : 0, -1, 0, 1, 1, 0, 0, 0, 0];
  return Float32Array.from({ length: rows * row.length }, (_, i) => row[i % row.length] as number);
}
