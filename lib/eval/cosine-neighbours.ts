/** The nearest rows of a matrix by cosine similarity, all exactly: for some thousands of rows. */

/** Of each row its k nearest other ones, nearest first; of equally near ones the first. */
export interface Neighbours {
  readonly k: number;
  /** rows x k numbers of rows. */
  readonly indices: Int32Array;
  /** rows x k cosines. */
  readonly similarities: Float32Array;
}

/** Rows that are compared with rows at once: they stay in the processor's cache. */
const BLOCK = 32;

/**
 * @param features rows x dimension, row-major.
 * @param others rows at the end that look for neighbours and are none.
 */
export function cosineNeighbours(
  features: Float32Array,
  dimension: number,
  k: number,
  others = 0,
): Neighbours & { readonly rows: number } {
  const rows = features.length / dimension;
  const bank = rows - others;
  const most = Math.min(k, bank - 1);
  const unit = normalized(features, dimension);
  const indices = new Int32Array(rows * most);
  const similarities = new Float32Array(rows * most);
  const line = new Float32Array(BLOCK * bank);
  for (let first = 0; first < rows; first += BLOCK) {
    const last = Math.min(rows, first + BLOCK);
    for (let other = 0; other < bank; other += 1) {
      for (let row = first; row < last; row += 1) {
        line[(row - first) * bank + other] = dot(unit, row * dimension, other * dimension, dimension);
      }
    }
    for (let row = first; row < last; row += 1) {
      const of = line.subarray((row - first) * bank, (row - first + 1) * bank);
      nearest(
        of,
        row,
        indices.subarray(row * most, (row + 1) * most),
        similarities.subarray(row * most, (row + 1) * most),
      );
    }
  }
  return { rows, k: most, indices, similarities };
}

/** Rows of length 1; zero stays zero. */
function normalized(features: Float32Array, dimension: number): Float32Array {
  const unit = Float32Array.from(features);
  for (let at = 0; at < unit.length; at += dimension) {
    const length = Math.sqrt(dot(features, at, at, dimension));
    for (let i = at; i < at + dimension; i += 1) unit[i] = length === 0 ? 0 : (unit[i] as number) / length;
  }
  return unit;
}

function dot(values: Float32Array, a: number, b: number, length: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const whole = length - (length % 4);
  for (let i = 0; i < whole; i += 4) {
    s0 += (values[a + i] as number) * (values[b + i] as number);
    s1 += (values[a + i + 1] as number) * (values[b + i + 1] as number);
    s2 += (values[a + i + 2] as number) * (values[b + i + 2] as number);
    s3 += (values[a + i + 3] as number) * (values[b + i + 3] as number);
  }
  for (let i = whole; i < length; i += 1) s0 += (values[a + i] as number) * (values[b + i] as number);
  return s0 + s1 + s2 + s3;
}

/** Keeps the largest ones in order, by insertion: k is small. */
function nearest(line: Float32Array, row: number, indices: Int32Array, similarities: Float32Array): void {
  const k = indices.length;
  let count = 0;
  for (let other = 0; other < line.length; other += 1) {
    const similarity = line[other] as number;
    if (other === row || (count === k && similarity <= (similarities[k - 1] as number))) continue;
    let at = count < k ? count : k - 1;
    for (; at > 0 && (similarities[at - 1] as number) < similarity; at -= 1) {
      similarities[at] = similarities[at - 1] as number;
      indices[at] = indices[at - 1] as number;
    }
    similarities[at] = similarity;
    indices[at] = other;
    if (count < k) count += 1;
  }
}
